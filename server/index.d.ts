import type { FastifyPluginAsync } from 'fastify'
import type { OpenOptions, Segment, SegmentInfo, SegmentReference } from 'shmnode'

declare module 'fastify' {
  interface FastifyInstance {
    shm: plugin.Shm
  }
  interface FastifyContextConfig {
    /** `'public'`: no token is demanded. Default: one that fits the method. */
    access?: 'public'
  }
}

declare namespace plugin {
  /** What a bearer token allows: `write` (`read-write`) includes reading. Tokens are of `A-Z a-z 0-9 - . _ ~ + /`, and `=` at the end. */
  export interface Token {
    token: string
    access: 'read' | 'write' | 'read-only' | 'read-write'
  }

  /** How segments are reached, and what all requests together may take. */
  export interface Options {
    /** The segment of `/read`, `/write` and `/watch`: its key or name (32140895), and how it is opened. Made where there is none. */
    segment?: OpenOptions & { key?: SegmentReference } | undefined
    /** How long a request may wait for a segment, in milliseconds. Default 5000: then 503. */
    timeout?: number | undefined
    /** Demanded of every request if there are any. Default none: who can reach the server may read and write. */
    tokens?: readonly Token[] | undefined
    /**
     * The names and addresses, without ports, by which the server may be called in the Host header, besides those of loopback and the address
     * that the connection came in by; `'any'` where something in front of it takes care of that. Others get 403.
     */
    hosts?: readonly string[] | 'any' | undefined
    /** Requests of one address in a second. Default 0: any number. Over it: 429. */
    rateLimit?: number | undefined
    /** Milliseconds of silence after which an event stream gets a sign of life; a client that takes nothing in three times that is cut off. Default 15,000. */
    heartbeat?: number | undefined
    /** The largest capacity of a segment that a request may make, in bytes. Default 64 MiB. */
    maxCapacity?: number | undefined
    /**
     * Bytes of all bodies that have not been answered. Over it: 503; a single body over it: 413. Those of up to 16 KiB are not counted. Default
     * 256 MiB, or `maxCapacity` or the capacity of the default segment, if that is more.
     */
    maxBodyBytes?: number | undefined
    /** Bytes of values on their way to clients; those who are sent the same version share it. Default 256 MiB. Over it: a wait, then 503. */
    maxAnswerBytes?: number | undefined
    /** Event streams, and requests that wait for a change. Default 1000. Over it: 503. */
    maxStreams?: number | undefined
    /** Writes at a time, those that wait for the lock included. Default 1000. Over it: 503. */
    maxWrites?: number | undefined
  }

  /** Of the plugin. */
  export interface PluginOptions extends Options {
    /** Where the routes begin. Default: at the root. */
    prefix?: string | undefined
    /** Serve the segments by HTTP; false: only decorate the instance. Default true. */
    serve?: boolean | undefined
  }

  /** A segment that is opened at its first use, and again after somebody has destroyed it. */
  export interface ReopeningSegment {
    /** The handle; null while there is none. It may be closed at any time: `use` is for calls. */
    readonly handle: Segment | null
    /** Calls `fn` with the open segment; if that turns out to be gone, once more with its successor. */
    use<T> (fn: (segment: Segment) => Promise<T>): Promise<T>
  }

  /** What `fastify.shm` has. */
  export interface Shm {
    /** The default segment. Made again where somebody has destroyed it. */
    readonly segment: ReopeningSegment
    readonly named: {
      /**
       * Calls `fn` with the segment of this name, which stays open meanwhile, and for a while after. It is not made: `use` of what is not
       * there rejects with `ERR_SHM_NOT_FOUND`.
       */
      use<T> (name: string, fn: (segment: ReopeningSegment) => T | Promise<T>): Promise<T>
    }
    /** All cell segments that this process may read; `default` tells which of them is the default one. */
    list (): Promise<(SegmentInfo & { default: boolean })[]>
  }

  export { plugin as default }
}

/**
 * Shared memory on anybody's Fastify: decorates the instance with `shm`, and serves the segments as resources under `prefix`. Hooks,
 * parsers of bodies and the error handler that these need stay in a scope of their own. What is open is closed with the instance.
 *
 * The memory of a written body of more than 16 KiB is given back once its answer is sent: a hook that keeps `request.body`, or the
 * payload of `onSend`, beyond that (as `onResponse` would) finds it empty, and has to copy it before.
 */
declare function plugin (...parameters: Parameters<FastifyPluginAsync<plugin.PluginOptions>>): ReturnType<FastifyPluginAsync<plugin.PluginOptions>>

export = plugin
