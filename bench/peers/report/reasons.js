'use strict'

// Why a peer may be ahead of ours. A peer that is ahead for another reason than these is told of without one.

/** Each: in which case, which metric if that matters, which peers, and why. */
const REASONS = [
  {
    cases: ['local', 'segments', 'loop', 'crowd'],
    drivers: ['shm-typed-array', 'mmap-io'],
    why: 'copies without a lock, a version or a word for who waits: no system call at all. What others read meanwhile is torn (see the torn reads)'
  },
  {
    cases: ['local', 'loop', 'crowd'],
    drivers: ['worker'],
    why: 'a lock of Atomics between threads of one process takes no system call; ours is the kernel\'s, which takes two, and is released when its holder is killed'
  },
  {
    cases: ['across', 'watch'],
    drivers: ['worker'],
    why: 'threads of one process hand a number over inside of it; there is no other process'
  },
  {
    cases: ['across', 'watch'],
    drivers: ['socket', 'child-process', 'shm-typed-array', 'mmap-io', 'zeromq'],
    why: 'a socket wakes the loop itself; a futex wakes a thread of ours, which wakes the loop: a second wake. A C++ program has it in one'
  },
  {
    cases: ['memory'],
    drivers: ['shm-typed-array', 'mmap-io', 'worker', 'redis', 'lmdb'],
    why: 'a cell has three slots, so that a reader always finds a whole value and a killed writer leaves the last one; and ours has a thread and lanes of calls'
  },
  {
    cases: ['killed'],
    drivers: ['lmdb'],
    why: 'both wait until the kernel has taken the process down; lock() of ours then comes back from the pool by a turn of the loop'
  }
]

const reasonFor = (id, driver) => REASONS.find(({ cases, drivers }) => cases.includes(id) && drivers.includes(driver))?.why

module.exports = { reasonFor }
