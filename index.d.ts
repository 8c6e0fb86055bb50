/// <reference types="node" />

/**
 * System V (and POSIX) shared memory that never blocks the event loop, never shows a torn value and survives `kill -9`.
 *
 * Every function that returns a Promise waits and copies on the libuv thread pool. May be used from any thread of Node.js:
 * each worker thread has its own handles.
 */

/** Bytes to write: they are taken as they are, a string as UTF-8. */
export type Data = string | ArrayBufferView | ArrayBuffer | SharedArrayBuffer

/**
 * Which segment is meant: a name (1 to 63 of `A-Z a-z 0-9 . _ -`), a key (a non-zero 32-bit integer),
 * the classic `ftok(3)` derivation, a segment without a key ({@link PRIVATE}, creates), or the kernel's `shmid`. With
 * `{ posix: true }` a name of POSIX shared memory, as `shm_open(3)` takes it: a slash and 1 to 62 of those characters.
 */
export type SegmentReference = string | number | { ftok: [path: string, projectId: number] } | { id: number } | typeof PRIVATE

/** Stands for `IPC_PRIVATE`: `open(PRIVATE)` makes a segment without a key; its `id` is handed to others. */
export const PRIVATE: unique symbol

export interface WaitOptions {
  /**
   * How long the call may wait, for the lock and for calls before it, in milliseconds: 0 (one try) to `Infinity`. Default 5000.
   * Over it, the call rejects with `ERR_SHM_TIMEOUT`, whose message names the pid that holds the lock.
   */
  timeout?: number | undefined
  /**
   * Ends the call: it rejects with the signal's reason, at once where it waits. A write that rejects so has not been committed;
   * one that was just being committed resolves. A call that works on the caller's memory settles when the memory is free, within
   * 50 ms.
   */
  signal?: AbortSignal | undefined
}

export interface ReadOptions extends WaitOptions {
  /** Where in the value to begin, in bytes. Default 0. Beyond its end there is nothing: an empty result. */
  offset?: number | undefined
  /** How many bytes at most. Default: to the end of the value. */
  length?: number | undefined
}

export interface SnapshotOptions extends WaitOptions {
  /** Wait until there is a version above this one; `ERR_SHM_TIMEOUT` if there is none in time. */
  newerThan?: number | undefined
}

export interface WatchOptions {
  /** Only versions above this one. Default: the current one, so changes from now on. 0: the current value first. */
  from?: number | undefined
  /** Ends the watch: `next()` rejects with its reason. */
  signal?: AbortSignal | undefined
  /**
   * Microseconds, 0 to 1000, that the event loop itself looks for the next version before it sleeps; default 0. Each version that is awaited may keep the loop, and
   * a processor, for so long. For values of up to 64 KiB that come within that time it saves the wake of a thread: a third of the latency, or less.
   */
  spin?: number | undefined
}

export interface WriteOptions extends WaitOptions {
  /** What the bytes are, for example `application/json`: 1 to 63 printable ASCII characters, stored with the value. */
  mediaType?: string | undefined
  /** Commit only if this is the current version (0: never written); else `ERR_SHM_VERSION_CONFLICT`. */
  ifVersion?: number | undefined
  /**
   * Give the memory of `data` away for good: its ArrayBuffer is detached before the call returns, and nothing is copied on the
   * calling thread, however large it is. A TypeError (`ERR_INVALID_ARG_VALUE`) unless `data` is an ArrayBuffer, or a view on all of
   * one, that can be transferred: no string, no SharedArrayBuffer, no part of Node's pool, no memory of WebAssembly. What
   * rejects before the call is under way (closed, too large, too many pending) leaves it with the caller. Default false.
   */
  transfer?: boolean | undefined
}

export interface OpenOptions extends WaitOptions {
  /**
   * Payload bytes that one value may have. A segment to be created gets exactly this (default 2048), for good; of an existing
   * one it is the least that is accepted (`ERR_SHM_CAPACITY`; default: whatever it has).
   */
  capacity?: number | undefined
  /** Slots of a segment to be created, 2 to 16. Default 3. More of them help readers of large values against fast writers. */
  slots?: number | undefined
  /** Permissions of a segment to be created, such as `0o640`. Default `0o600`. If given, an existing segment that is open to more users is refused (`ERR_SHM_OWNER`). */
  mode?: number | undefined
  /** Create the segment if the key has none. Default true. */
  create?: boolean | undefined
  /** Only create: `ERR_SHM_EXISTS` if the key has a segment. Default false. */
  exclusive?: boolean | undefined
  /**
   * POSIX shared memory: a file in `/dev/shm`, found by its name alone. Its lock is a System V semaphore set, with the key of the
   * name. A file that is no cell is `ERR_SHM_LAYOUT`, also an empty one. Processes that write it have to share the IPC namespace
   * (`ERR_SHM_UNSUPPORTED`). Default false: System V shared memory.
   */
  posix?: boolean | undefined
  /** Attach without the right to write; nothing is created. Needs read permission only. Default false. */
  readOnly?: boolean | undefined
  /** The bytes' layout. `'raw'`: see {@link RawOpenOptions}. */
  layout?: 'cell' | undefined
  /**
   * Store a CRC32C with each value and check it on each read (`ERR_SHM_CORRUPT`). Of a segment to be created; an existing one
   * without is refused (`ERR_SHM_UNSUPPORTED`), and one with it checks whatever is said here. Default false.
   */
  checksum?: boolean | undefined
  /** Whose existing segments to accept besides root's: a uid, or `'any'`. Default: the effective user's. Else `ERR_SHM_OWNER`. */
  owner?: number | 'any' | undefined
  /** How many calls may be pending on this handle; one more rejects with `ERR_SHM_QUEUE_FULL`. Default 10,000. */
  maxPending?: number | undefined
  /**
   * Calls on values of up to so many bytes are tried at once on the calling thread, and go to the thread pool only where they
   * would have to wait. For who wants the last microseconds; the copies then take the event loop's time. Default 0: none.
   */
  inlineLimit?: number | undefined
}

/**
 * Options of `open` for a segment whose bytes other programs use as they are, from offset 0 on, or one to be made for them. `slots` and
 * `checksum` are `ERR_SHM_UNSUPPORTED` with it.
 */
export interface RawOpenOptions extends WaitOptions, Pick<OpenOptions, 'create' | 'exclusive' | 'owner' | 'maxPending' | 'inlineLimit'> {
  layout: 'raw'
  /**
   * As in {@link OpenOptions}. Nothing in such a file tells whether others who use it share the IPC namespace that the semaphore set
   * is in: with a POSIX `semaphore`, which is a file too, that does not matter.
   */
  posix?: boolean | undefined
  /** Bytes of a segment to be created (default 2048); of an existing one the least that is accepted (`ERR_SHM_CAPACITY`). */
  capacity?: number | undefined
  /** Permissions of what is created, such as `0o660`. Default `0o600`. If given, what is open to more users is refused (`ERR_SHM_OWNER`). */
  mode?: number | undefined
  /**
   * Attach without the right to write. Reading takes the lock all the same: who may not alter the semaphores is refused
   * (`ERR_SHM_ACCESS`). Default false.
   */
  readOnly?: boolean | undefined
  /**
   * The value is a text that ends at the first NUL: reads stop there, writes fill the rest of the segment with zeros and leave room
   * for one (so a text has `capacity` - 1 bytes at most). Default false: the value is all bytes of the segment.
   */
  nulTerminated?: boolean | undefined
  /**
   * A POSIX named semaphore (`'/name'`) that other programs take to use the segment, in place of the semaphore set with the segment's
   * key. Made with the value 1 where there is none (unless `create` is false), never removed. Its value must be 0 or 1
   * (`ERR_SHM_UNSUPPORTED`). Readers exclude each other, too. **The kernel does not release it when its holder dies**: all calls
   * then end with `ERR_SHM_TIMEOUT`, until somebody sets it right.
   */
  semaphore?: string | undefined
}

export interface RawWriteOptions extends WaitOptions, Pick<WriteOptions, 'transfer'> {
  /** Where to begin, in bytes. Default 0. */
  offset?: number | undefined
}

export interface DestroyOptions extends WaitOptions {
  /** As in {@link OpenOptions}. */
  posix?: boolean | undefined
  /** As in {@link OpenOptions}. */
  owner?: number | 'any' | undefined
  /** `'raw'`: of a raw segment, also one that another program made. Default `'cell'`: anything else is `ERR_SHM_LAYOUT`. */
  layout?: 'cell' | 'raw' | undefined
}

/** One committed value with its facts. They belong together. */
export interface Snapshot {
  /** The value; empty if never written. */
  data: Buffer
  /** Count of committed writes; 0 if never written. */
  version: number
  /** When it was committed, by the writer's clock; null if never written. */
  committedAt: Date | null
  /** The process that wrote it; null if never written. */
  writerPid: number | null
  /** As given to `write`; null if none was. */
  mediaType: string | null
}

/** A segment as the kernel and its header describe it. */
export interface SegmentInfo {
  /** The kernel's number for it (`shmid`); null for POSIX memory. */
  id: number | null
  /** POSIX shared memory, not System V's. */
  posix: boolean
  /** Null for a private segment, and for POSIX memory. */
  key: number | null
  /** Null for a segment with a numeric key only. */
  name: string | null
  layout: 'cell'
  /** Major and minor number of the binary layout. */
  layoutVersion: string
  /** Payload bytes that one value may have. */
  capacity: number
  slots: number
  checksum: boolean
  /** Names this creation of the key: 16 hexadecimal digits. */
  incarnation: string
  createdAt: Date
  creatorPid: number
  /** Of the whole segment, header and slots, in bytes. */
  segmentBytes: number
  /** Permission bits, and the user and group that own it. */
  mode: number
  uid: number
  gid: number
  /**
   * How many attaches there are, in all processes. The handles of one process share theirs, in all its worker threads: one those that
   * may write, one those that are `readOnly`. Null for POSIX memory, of which the kernel does not tell.
   */
  attached: number | null
  /** Of the current value, in bytes. */
  length: number
  version: number
  committedAt: Date | null
  writerPid: number | null
  mediaType: string | null
}

/** The bytes of a raw segment, in the shape of a {@link Snapshot}: it knows no facts of them. */
export interface RawSnapshot {
  data: Buffer
  version: null
  committedAt: null
  writerPid: null
  mediaType: null
}

/** A raw segment as the kernel describes it. */
export interface RawSegmentInfo {
  /** The kernel's number for it (`shmid`); null for POSIX memory. */
  id: number | null
  /** POSIX shared memory, not System V's. */
  posix: boolean
  /** Null for a private segment, and for POSIX memory. */
  key: number | null
  /** That this handle was opened by; in listings null unless it is POSIX memory. */
  name: string | null
  layout: 'raw'
  /** Bytes of the segment. */
  capacity: number
  segmentBytes: number
  /** Permission bits, and the user and group that own it. */
  mode: number
  uid: number
  gid: number
  /** How many attaches there are, in all processes; null for POSIX memory. Each handle has one, and another one for its views. */
  attached: number | null
  /** Null for POSIX memory. */
  creatorPid: number | null
}

/** What has happened on one of a handle's queues, since it was opened. Times in milliseconds. */
export interface QueueStats {
  /** Calls that have settled, but for those that never left. */
  calls: number
  /** Trips to the thread pool, and the most calls that one had. */
  batches: number
  largestBatch: number
  /** Calls served on the calling thread (`inlineLimit`). */
  inline: number
  /** Copies made again because a writer was quicker. */
  retries: number
  /** How often the queue had to wait for the lock, and for how long; null if it never did. */
  waits: number
  waitTime: { min: number, mean: number, p50: number, p99: number, max: number } | null
}

export interface Stats {
  /** Calls that have not settled. */
  pending: number
  reads: QueueStats
  writes: QueueStats
  locks: QueueStats
}

/**
 * The lock for applications, held. The kernel releases it when this process dies, closing the segment releases it, and so
 * does the end of the worker thread that took it. Nothing else does: a lock that is forgotten stays held. It does not keep the
 * process alive.
 */
export interface Lock {
  /** False once it was released or lost: its semaphores were removed, or reset by somebody. Read live. */
  readonly held: boolean
  /** Aborts when the lock is lost (looked at four times a second), or the segment is closed. Not when it is released. */
  readonly signal: AbortSignal
  /** Gives the lock back. It is free when this returns. Calling it again is fine. */
  release (): Promise<void>
  /** {@link release}. */
  [Symbol.asyncDispose] (): Promise<void>
}

/**
 * A handle on an open segment. Calls made while others are under way travel to the thread pool together: one hop and one
 * lock acquisition serve the batch, in the order of the calls. Reads never queue behind writes.
 *
 * Besides the errors that each call names, every call may reject with `ERR_SHM_CLOSED`, `ERR_SHM_DESTROYED`,
 * `ERR_SHM_CORRUPT`, `ERR_SHM_TIMEOUT` and `ERR_SHM_QUEUE_FULL`.
 */
export class Segment {
  private constructor ()

  /** The current version, read live; 0 if never written. Throws `ERR_SHM_CLOSED` after {@link close}. */
  readonly version: number
  /** A signed 32-bit integer; null for a private segment, and for POSIX memory. */
  readonly key: number | null
  readonly name: string | null
  /** The kernel's `shmid`; null for POSIX memory. */
  readonly id: number | null
  /** POSIX shared memory, not System V's. */
  readonly posix: boolean
  /** Payload bytes that one value may have. */
  readonly capacity: number
  readonly layout: 'cell'
  /** Names this creation of the key: 16 hexadecimal digits. */
  readonly incarnation: string
  readonly readOnly: boolean

  /**
   * The current value, or a part of it, in a new Buffer. Empty if never written. From 64 KiB to 64 MiB its memory is used again
   * after it has been collected; it may be transferred to another thread like any other.
   */
  read (options?: ReadOptions): Promise<Buffer>
  /** The current value with its facts; with `newerThan`, once its version is above that. */
  snapshot (options?: SnapshotOptions): Promise<Snapshot>
  /**
   * The versions as they come, from any process. Conflating: who is slow gets the newest and misses those between; versions
   * rise. Works on a `readOnly` handle. Keeps the process alive only while somebody awaits `next()`.
   *
   * Ends when this handle is closed; rejects with the signal's reason, and with `ERR_SHM_DESTROYED` and `ERR_SHM_CORRUPT`. A
   * loop that is left ends it too.
   */
  watch (options?: WatchOptions): AsyncIterableIterator<Snapshot> & AsyncDisposable
  /**
   * Copies the current value, or a part of it, to the beginning of `target`, which is left alone until the Promise
   * settles. Without `offset` and `length`, a value longer than `target` is `ERR_SHM_TOO_LARGE` and leaves it unchanged.
   * @returns the bytes copied and the version they are of
   */
  readInto (target: ArrayBufferView | ArrayBuffer | SharedArrayBuffer, options?: ReadOptions): Promise<{ length: number, version: number }>
  /**
   * Commits `data` as the new value. Up to 64 KiB are copied before the call returns; leave larger data alone until the
   * Promise settles.
   * Rejects with `ERR_SHM_TOO_LARGE` (over the capacity), `ERR_SHM_VERSION_CONFLICT`, `ERR_SHM_READ_ONLY`, `ERR_SHM_ACCESS`.
   * @returns the committed version
   */
  write (data: Data, options?: WriteOptions): Promise<number>
  /**
   * Reads, calls `fn` with the snapshot and commits what it returns if nobody else has written meanwhile; else all over
   * again, until the time-out. `fn` may be async; if it returns undefined nothing is written. The media type stays
   * unless `mediaType` gives another.
   * @returns the committed version, or the current one if nothing was written
   */
  update (fn: (snapshot: Snapshot) => Data | undefined | Promise<Data | undefined>, options?: Omit<WriteOptions, 'ifVersion'>): Promise<number>

  /** Like {@link read}, on the calling thread. Never waits: throws `ERR_SHM_BUSY` instead. */
  readSync (options?: Omit<ReadOptions, keyof WaitOptions>): Buffer
  /** Like {@link snapshot}, on the calling thread. Never waits: throws `ERR_SHM_BUSY` instead. */
  snapshotSync (): Snapshot
  /** Like {@link readInto}, on the calling thread. Never waits: throws `ERR_SHM_BUSY` instead. */
  readIntoSync (target: ArrayBufferView | ArrayBuffer | SharedArrayBuffer, options?: Omit<ReadOptions, keyof WaitOptions>): { length: number, version: number }
  /** Like {@link write}, on the calling thread. Never waits: throws `ERR_SHM_BUSY` while somebody else holds the lock. */
  writeSync (data: Data, options?: Omit<WriteOptions, keyof WaitOptions | 'transfer'>): number

  /**
   * Takes the lock that every segment has for its users' own purposes: exclusive among all processes, independent of reads and
   * writes. Those of this handle who want it queue up here. Not reentrant: who holds it and asks again waits for it as others
   * do. Rejects with `ERR_SHM_TIMEOUT` (naming who holds it), `ERR_SHM_READ_ONLY`, `ERR_SHM_ACCESS`.
   */
  lock (options?: WaitOptions): Promise<Lock>
  /** {@link lock}, or `ERR_SHM_BUSY` at once. */
  tryLock (): Promise<Lock>
  /**
   * Calls `fn` under the {@link lock}, and releases it when what `fn` returns has settled. The signal aborts when the lock is lost.
   * @returns what `fn` returns
   */
  withLock<T> (fn: (signal: AbortSignal) => T | Promise<T>, options?: WaitOptions): Promise<T>
  /** Of a {@link RawSegment} only: throws `ERR_SHM_UNSUPPORTED`. */
  view (...args: unknown[]): never

  /** Counts of what this handle did. */
  stats (): Stats
  /** What the kernel and the header say of this segment now. */
  stat (): Promise<SegmentInfo>
  /**
   * Detaches. Calls in flight, and those made in this turn of the event loop, finish; calls that wait for the lock or in a
   * long queue reject with `ERR_SHM_CLOSED`. The segment and its value stay. Calling it again is fine.
   */
  close (): Promise<void>
  /**
   * Deletes the segment for everyone and closes this handle. Everyone attached gets `ERR_SHM_DESTROYED` from then on.
   * With `ifVersion`, only if that is the current version; else `ERR_SHM_VERSION_CONFLICT`. The check and the deletion are one step.
   * Rejects with `ERR_SHM_ACCESS` unless this user made it or is root, and with `ERR_SHM_READ_ONLY`.
   */
  destroy (options?: WaitOptions & { ifVersion?: number | undefined }): Promise<void>
  /** {@link close}. */
  [Symbol.asyncDispose] (): Promise<void>
}

/** Classes of views that {@link RawSegment.view} makes: of typed arrays, DataView, Buffer. */
export interface ViewClass<View> {
  new (buffer: ArrayBuffer, offset: number, length: number): View
}

/**
 * A handle on an open raw segment: bytes without a header, as other programs use them. Calls travel together as those of a
 * {@link Segment} do, under one shared lock for reads and one exclusive lock for writes. Reads wait for writers, and writers for
 * reads.
 *
 * A writer that is killed in the middle of its copy leaves it half done, and programs that do not take the lock may change the bytes
 * under a read. Besides the errors that each call names, every call may reject with `ERR_SHM_CLOSED`, `ERR_SHM_DESTROYED` (the segment
 * or its semaphores were removed: open it again), `ERR_SHM_TIMEOUT` and `ERR_SHM_QUEUE_FULL`.
 */
export class RawSegment {
  private constructor ()

  /** A signed 32-bit integer; null for a private segment, and for POSIX memory. */
  readonly key: number | null
  /** That it was opened by: the segment does not know. */
  readonly name: string | null
  /** The kernel's `shmid`; null for POSIX memory. */
  readonly id: number | null
  /** POSIX shared memory, not System V's. */
  readonly posix: boolean
  /** Bytes of the segment, as its creator asked for them. */
  readonly capacity: number
  readonly layout: 'raw'
  readonly incarnation: null
  /** As given to `open`. */
  readonly nulTerminated: boolean
  readonly readOnly: boolean
  /** There are none: throws `ERR_SHM_UNSUPPORTED`. */
  readonly version: never

  /** All bytes, or the text before the first NUL, or a part of either, in a new Buffer. */
  read (options?: ReadOptions): Promise<Buffer>
  /** The same as {@link Segment.snapshot} would give it; `newerThan` is `ERR_SHM_UNSUPPORTED`. */
  snapshot (options?: WaitOptions): Promise<RawSnapshot>
  /**
   * Copies the bytes, or a part of them, to the beginning of `target`, which is left alone until the Promise settles. Without
   * `offset` and `length`, a value longer than `target` is `ERR_SHM_TOO_LARGE` and leaves it unchanged. A `target` in the segment itself
   * ({@link view}) must not overlap with what is read.
   */
  readInto (target: ArrayBufferView | ArrayBuffer | SharedArrayBuffer, options?: ReadOptions): Promise<{ length: number }>
  /**
   * Stores `data` at `offset`. Up to 64 KiB are copied before the call returns; leave larger data alone until the Promise settles.
   * Rejects with `ERR_SHM_TOO_LARGE` (it would reach over the end), `ERR_SHM_READ_ONLY`, and `ERR_SHM_UNSUPPORTED` for a `mediaType`, an
   * `ifVersion`, and a text with a NUL inside.
   */
  write (data: Data, options?: RawWriteOptions): Promise<void>

  /** Like {@link read}, on the calling thread. Never waits: throws `ERR_SHM_BUSY` while a writer has the lock. */
  readSync (options?: Omit<ReadOptions, keyof WaitOptions>): Buffer
  /** Like {@link snapshot}, on the calling thread. Never waits: throws `ERR_SHM_BUSY` instead. */
  snapshotSync (): RawSnapshot
  /** Like {@link readInto}, on the calling thread. Never waits: throws `ERR_SHM_BUSY` instead. */
  readIntoSync (target: ArrayBufferView | ArrayBuffer | SharedArrayBuffer, options?: Omit<ReadOptions, keyof WaitOptions>): { length: number }
  /** Like {@link write}, on the calling thread. Never waits: throws `ERR_SHM_BUSY` while somebody else has the lock. */
  writeSync (data: Data, options?: Omit<RawWriteOptions, keyof WaitOptions | 'transfer'>): void

  /**
   * The mapped bytes themselves, as a Uint8Array unless told: what is stored there is in the segment at once, for all processes, under no
   * lock but what the caller takes. Atomics work on them, but for `wait` and `waitAsync`, which take none but SharedArrayBuffers. All
   * views of a handle have one ArrayBuffer. `postMessage` cannot transfer it; what can, `ArrayBuffer.prototype.transfer` or a stream that
   * reads into a view, leaves these views empty, and the next call makes others.
   *
   * After {@link close} views are empty. Calls of Node.js that work on one then (`crypto`, `fs`) go on beside the segment, with bytes
   * of nobody's; `zlib` ends the process when a view is emptied under it, whoever does that: await those first.
   * @param offset in bytes, a multiple of the element's size
   * @param length in elements; default: up to the end of the segment
   *
   * Throws RangeErrors, `ERR_SHM_READ_ONLY`, and `ERR_SHM_UNSUPPORTED` where JavaScript must not have memory of others (Electron).
   */
  view (): Uint8Array
  view<View> (TypedArray: ViewClass<View>, offset?: number, length?: number): View

  /**
   * As of a {@link Segment}: independent of reads and writes. With a POSIX semaphore for a lock there is none: rejects with
   * `ERR_SHM_UNSUPPORTED`.
   */
  lock (options?: WaitOptions): Promise<Lock>
  /** {@link lock}, or `ERR_SHM_BUSY` at once. */
  tryLock (): Promise<Lock>
  /** As of a {@link Segment}. */
  withLock<T> (fn: (signal: AbortSignal) => T | Promise<T>, options?: WaitOptions): Promise<T>

  /** Rejects with `ERR_SHM_UNSUPPORTED`: use {@link withLock}. */
  update (...args: unknown[]): Promise<never>
  /** Throws `ERR_SHM_UNSUPPORTED`. */
  watch (...args: unknown[]): never

  /** Counts of what this handle did. */
  stats (): Stats
  /** What the kernel says of this segment now. */
  stat (): Promise<RawSegmentInfo>
  /** As of a {@link Segment}. Views become empty. */
  close (): Promise<void>
  /**
   * Deletes the segment, whoever made it, and its semaphore set for everyone, and closes this handle; a POSIX semaphore stays. Rejects with
   * `ERR_SHM_ACCESS` unless this user owns it or is root, and with `ERR_SHM_READ_ONLY`.
   */
  destroy (options?: WaitOptions): Promise<void>
  /** {@link close}. */
  [Symbol.asyncDispose] (): Promise<void>
}

/**
 * Opens a segment of bytes as they are, of whatever program, and creates it where there is none. A semaphore set with its key is made
 * where there is none. Nothing in an existing segment is changed.
 * Rejects as {@link open} of a cell does, and with `ERR_SHM_LAYOUT` for a cell and where the key has a semaphore set of another kind,
 * `ERR_SHM_UNSUPPORTED` where there can be no lock (a segment without a key, unless there is a `semaphore`), and `ERR_SHM_ACCESS`
 * where this user may not lock.
 */
export function open (reference: SegmentReference, options: RawOpenOptions): Promise<RawSegment>
/**
 * Opens a segment, and creates it where there is none.
 * Rejects with `ERR_SHM_NOT_FOUND`, `_EXISTS`, `_ACCESS`, `_OWNER`, `_LAYOUT` (something else lives under the key; it is left
 * untouched), `_CAPACITY`, `_NAME_COLLISION`, `_UNSUPPORTED` (no checksum), `_CORRUPT`, `_DESTROYED` (the lock of a private
 * segment was removed: {@link destroy} what is left), `_NO_SPACE`, `_LIMIT` (naming the kernel setting), `_TIMEOUT`. POSIX memory
 * is reserved here, so that there is room for every write: `_NO_SPACE` if `/dev/shm` is full.
 */
export function open (reference: SegmentReference, options?: OpenOptions): Promise<Segment>
/** All segments on this machine that this process may read and that are no cells, in the same order; POSIX semaphores are none. */
export function list (options: { layout: 'raw' }): Promise<RawSegmentInfo[]>
/** All cell segments on this machine that this process may read: System V's in the order of their ids, then POSIX's in that of their names. */
export function list (options?: { layout?: 'cell' | undefined }): Promise<SegmentInfo[]>
/**
 * Deletes a segment for everyone, also one that a dead creator left half made. Rejects with `ERR_SHM_NOT_FOUND`,
 * `ERR_SHM_LAYOUT` (not ours: left untouched), `ERR_SHM_ACCESS`, `ERR_SHM_OWNER`, `ERR_SHM_TIMEOUT`. By its id, one that is destroyed already
 * is found while somebody has it attached: nothing changes then.
 */
export function destroy (reference: Exclude<SegmentReference, typeof PRIVATE>, options?: DestroyOptions): Promise<void>

/**
 * The default segment's calls. It is opened at the first of them: `SHM_KEY` (a key or a name; 32140895), `SHM_CAPACITY`
 * (2048) and `SHM_LAYOUT` (`cell`) in the environment tell which. Opened again after it was destroyed. With `SHM_LAYOUT=raw` it is a
 * {@link RawSegment} of NUL-terminated text, whose lock may be a POSIX semaphore (`SHM_SEMAPHORE`): versions are null or undefined
 * then, and what needs them is `ERR_SHM_UNSUPPORTED`.
 */
export function read (options?: ReadOptions): Promise<Buffer>
/** {@link Segment.snapshot} of the default segment. */
export function snapshot (options?: SnapshotOptions): Promise<Snapshot>
/** {@link Segment.watch} of the default segment. It rejects when that is destroyed; a new one sees the segment that takes its place. */
export function watch (options?: WatchOptions): AsyncIterableIterator<Snapshot> & AsyncDisposable
/** {@link Segment.readInto} of the default segment. */
export function readInto (target: ArrayBufferView | ArrayBuffer | SharedArrayBuffer, options?: ReadOptions): Promise<{ length: number, version: number }>
/** {@link Segment.write} of the default segment. */
export function write (data: Data, options?: WriteOptions): Promise<number>
/** {@link Segment.update} of the default segment. */
export function update (fn: (snapshot: Snapshot) => Data | undefined | Promise<Data | undefined>, options?: Omit<WriteOptions, 'ifVersion'>): Promise<number>

export type ShmErrorCode =
  | 'ERR_SHM_NOT_FOUND' | 'ERR_SHM_EXISTS' | 'ERR_SHM_ACCESS' | 'ERR_SHM_NO_SPACE' | 'ERR_SHM_LIMIT' | 'ERR_SHM_TOO_LARGE'
  | 'ERR_SHM_CAPACITY' | 'ERR_SHM_LAYOUT' | 'ERR_SHM_NAME_COLLISION' | 'ERR_SHM_OWNER' | 'ERR_SHM_CORRUPT'
  | 'ERR_SHM_VERSION_CONFLICT' | 'ERR_SHM_TIMEOUT' | 'ERR_SHM_BUSY' | 'ERR_SHM_QUEUE_FULL' | 'ERR_SHM_DESTROYED'
  | 'ERR_SHM_CLOSED' | 'ERR_SHM_UNSUPPORTED' | 'ERR_SHM_READ_ONLY' | 'ERR_SHM_NOT_BUILT' | 'ERR_SHM_SYSTEM'

/** What every call rejects with or throws, but for mistakes in the arguments: those are TypeError and RangeError with Node's codes. */
export class ShmError extends Error {
  private constructor ()
  readonly code: ShmErrorCode
  /** The kernel's error number, positive, where a system call failed. */
  readonly errno?: number
  /** The system call that failed. */
  readonly syscall?: string
  /** The segment's key, where it has one. */
  readonly key?: number
  /** The segment's name, where it has one. (`name` is `'ShmError'`, as in every Error.) */
  readonly segmentName?: string
  /** `ERR_SHM_VERSION_CONFLICT`: the current version. */
  readonly version?: number
  /** `ERR_SHM_TIMEOUT`, `ERR_SHM_BUSY`: the process that held the lock, where known. */
  readonly holderPid?: number
}
