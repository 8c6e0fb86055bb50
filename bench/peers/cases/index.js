'use strict'

// What is measured, of whom, and how long. The modules of this folder are loaded by the processes that do it.

const KIB = 1024
const MIB = 1024 * KIB

const sizeName = bytes => bytes >= MIB ? `${bytes / MIB} MiB` : bytes >= KIB ? `${bytes / KIB} KiB` : `${bytes} B`

const OURS = ['shm', 'shm-sync', 'shm-inline']
const PLACES = [...OURS, 'cpp', 'shm-typed-array', 'mmap-io', 'lmdb', 'redis', 'worker', 'floor']
const LINKS = ['shm', 'shm-sync', 'shm-spin', 'shm-signal', 'cpp', 'cpp-polled', 'shm-typed-array', 'mmap-io', 'lmdb', 'redis', 'socket', 'child-process', 'zeromq', 'worker', 'floor']
const SHARED = ['shm', 'shm-sync', 'shm-typed-array', 'mmap-io', 'lmdb', 'redis', 'worker']

/**
 * @typedef {object} Metric
 * @property {string} name as the case's process tells it
 * @property {string} title
 * @property {'ns' | 'rate' | 'share' | 'bytes'} unit of time a call, calls a second, part of all, memory
 * @property {'less' | 'more'} better
 */

/** @typedef {{ id: string, title: string, spec: object, quick?: boolean, milliseconds?: number, rounds?: number, alone?: boolean, drivers?: string[] }} Variant */

/**
 * @typedef {object} PeerCase
 * @property {string} id
 * @property {string} module
 * @property {string} title
 * @property {Metric[]} metrics
 * @property {string[]} drivers
 * @property {number} milliseconds of a round
 * @property {number} rounds
 * @property {boolean} [alone] one driver's processes at a time, new ones for each round
 * @property {Variant[]} variants
 */

const time = (name, title) => ({ name, title, unit: 'ns', better: 'less' })
const rate = (name, title) => ({ name, title, unit: 'rate', better: 'more' })
const share = (name, title) => ({ name, title, unit: 'share', better: 'less' })
const bytes = (name, title) => ({ name, title, unit: 'bytes', better: 'less' })

const bySize = (sizes, more = () => ({})) => sizes.map(size => ({ id: String(size), title: sizeName(size), spec: { size }, quick: size === 64 || size === MIB, ...more(size) }))
const SIZES = [64, 2 * KIB, 64 * KIB, MIB, 16 * MIB, 256 * MIB]

/** Copies of hundreds of milliseconds: few of them, and nobody else's memory beside. */
const large = size => size > 16 * MIB ? { alone: true, rounds: 3, milliseconds: 400 } : size === 16 * MIB ? { milliseconds: 120 } : {}

const LOOPS = [
  ...bySize(SIZES.slice(0, 5), large).map(variant => ({ ...variant, id: `${variant.id}-apart`, title: `${variant.title}, a processor each`, placement: 'apart' })),
  ...bySize(SIZES.slice(0, 3)).map(variant => ({ ...variant, id: `${variant.id}-together`, title: `${variant.title}, on one processor`, placement: 'together', quick: variant.id === '64' }))
]

/** On one processor, who looks again and again keeps the other from working. */
const unpolled = variant => variant.placement === 'together' ? { ...variant, drivers: LINKS.filter(name => name !== 'cpp-polled') } : variant

const crowd = (writers, readers, size, quick = false) => ({
  id: `${writers}-${readers}-${size}`,
  title: `${writers} ${writers === 1 ? 'writer' : 'writers'}, ${readers} ${readers === 1 ? 'reader' : 'readers'}, ${sizeName(size)}`,
  spec: { writers, readers, size },
  quick
})

/** @type {PeerCase[]} */
module.exports = [
  {
    id: 'local',
    title: 'One process: write, and read into memory of one\'s own',
    metrics: [time('write', 'write'), time('read', 'read')],
    drivers: PLACES,
    milliseconds: 40,
    rounds: 7,
    variants: bySize(SIZES, large)
  },
  {
    id: 'across',
    title: 'Two processes, closed loop: write, be told, read, and 64 bytes back',
    metrics: [time('latency', 'round trip')],
    drivers: LINKS,
    milliseconds: 60,
    rounds: 5,
    variants: LOOPS.map(unpolled)
  },
  {
    id: 'watch',
    title: 'From commit to the value in the other process, which sleeps',
    metrics: [time('latency', 'one way')],
    drivers: LINKS,
    milliseconds: 300,
    rounds: 3,
    variants: bySize([64, 64 * KIB]).map(variant => ({ ...variant, placement: 'apart' }))
  },
  {
    id: 'concurrent',
    title: 'Calls at once in one process, 64 bytes each',
    metrics: [time('write', 'write, a call'), time('read', 'read, a call')],
    drivers: ['shm', 'shm-inline', 'redis'],
    milliseconds: 40,
    rounds: 7,
    variants: [1, 8, 64, 512, 4096, 10_000].map(width => ({ id: String(width), title: `${width} at once`, spec: { size: 64, width }, quick: width === 64 }))
  },
  {
    id: 'crowd',
    title: 'Writers and readers in processes of their own, all as fast as they can',
    metrics: [rate('writes', 'writes'), rate('reads', 'reads'), share('torn', 'torn reads'), share('stale', 'stale reads'), share('least', 'the slowest writer, of the mean')],
    drivers: SHARED,
    milliseconds: 400,
    rounds: 3,
    alone: true,
    variants: [crowd(1, 1, 2 * KIB), crowd(1, 4, 2 * KIB), crowd(1, 16, 2 * KIB), crowd(4, 0, 2 * KIB), crowd(1, 1, 64 * KIB, true), crowd(1, 1, MIB)]
  },
  {
    id: 'killed',
    title: 'The holder of a lock is killed: until the next one has it',
    metrics: [time('latency', 'until had')],
    drivers: ['shm', 'cpp', 'lmdb', 'redis', 'semop'],
    milliseconds: 500,
    rounds: 3,
    variants: [{ id: 'holder', title: 'SIGKILL', spec: { size: 64 }, quick: true }]
  },
  {
    id: 'loop',
    title: 'How late timers are while values are written and read',
    metrics: [time('p99', 'delay, p99'), time('max', 'delay, worst'), rate('rate', 'calls')],
    drivers: SHARED,
    milliseconds: 400,
    rounds: 3,
    variants: bySize([64, MIB, 16 * MIB, 64 * MIB])
  },
  {
    id: 'segments',
    title: 'So many open at once, 64 bytes each',
    metrics: [time('writeOne', 'write, to one'), time('readOne', 'read, of one'), time('write', 'write, by turns'), time('read', 'read, by turns')],
    drivers: ['shm', 'shm-sync', 'lmdb', 'redis', 'shm-typed-array'],
    milliseconds: 40,
    rounds: 5,
    // lmdb is one database a place, each with a mapping and files of its own.
    variants: [1, 10, 100, 1000, 4000].map(count => ({
      id: String(count),
      title: String(count),
      spec: { size: 64, count },
      quick: count === 1 || count === 100,
      // One at a time: the kernel has 4,096 segments for all.
      alone: count > 1000,
      rounds: count > 1000 ? 3 : 5,
      milliseconds: count > 1000 ? 150 : 40,
      drivers: count >= 1000 ? ['shm', 'shm-sync', 'redis', 'shm-typed-array'] : undefined
    }))
  },
  {
    id: 'memory',
    title: 'Memory of a process after a hundred writes and reads',
    metrics: [bytes('own', 'own'), bytes('shared', 'mapped and touched')],
    drivers: SHARED,
    milliseconds: 1,
    rounds: 3,
    alone: true,
    variants: bySize([64, MIB])
  }
]
