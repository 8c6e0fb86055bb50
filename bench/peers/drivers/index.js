'use strict'

// What is compared, in the order of tables. The modules of this folder are loaded by the processes that are measured alone.

/**
 * @typedef {object} Driver
 * @property {string} name of its module, or of a side of peers_bench
 * @property {string} title
 * @property {'ours' | 'peer' | 'floor'} kind
 * @property {string} [native] which side of peers_bench it is
 * @property {'safe' | 'locked' | 'torn'} [value] what a reader gets of values that others write: whole ones, whatever dies; whole ones, but
 *   a holder that is killed keeps the lock; or halves of two
 * @property {string} how the value and the word of it travel
 */

/** @type {Driver[]} */
module.exports = [
  { name: 'shm', title: 'shmnode, Promise', kind: 'ours', value: 'safe', how: 'write(), readInto(), watch()' },
  { name: 'shm-sync', title: 'shmnode, Sync', kind: 'ours', value: 'safe', how: 'writeSync(), or write() while another has the lock, readIntoSync(); watch()' },
  { name: 'shm-spin', title: 'shmnode, Sync, spin', kind: 'ours', value: 'safe', how: 'the same, watch({ spin: 50 }): the loop looks for 50 us before it sleeps' },
  { name: 'shm-inline', title: 'shmnode, inlineLimit', kind: 'ours', value: 'safe', how: 'write(), readInto() tried on the calling thread; watch()' },
  { name: 'shm-signal', title: 'shmnode, Sync and a socket', kind: 'ours', value: 'safe', how: 'writeSync(), a byte over a Unix socket, readIntoSync()' },
  { name: 'cpp', title: 'shmnode, C++', kind: 'ours', native: 'cell', value: 'safe', how: 'Cell::Write, Cell::WaitNewer, Cell::Read' },
  { name: 'cpp-polled', title: 'shmnode, C++, polled', kind: 'ours', native: 'polled', value: 'safe', how: 'the same, and looks at the version instead of sleeping' },
  { name: 'shm-typed-array', title: 'shm-typed-array', kind: 'peer', value: 'torn', how: 'copies into and out of the segment, no lock; a byte over a Unix socket' },
  { name: 'mmap-io', title: '@riaskov/mmap-io', kind: 'peer', value: 'torn', how: 'copies into and out of a mapped file, no lock; a byte over a Unix socket' },
  { name: 'lmdb', title: 'lmdb', kind: 'peer', value: 'safe', how: 'putSync(), getBinaryFast() after resetReadTxn(); a byte over a Unix socket' },
  { name: 'redis', title: 'Redis, Unix socket', kind: 'peer', value: 'safe', how: 'ioredis: SET and PUBLISH, GET' },
  { name: 'socket', title: 'Unix socket', kind: 'peer', how: 'the value itself, behind its length' },
  { name: 'child-process', title: 'child_process, advanced', kind: 'peer', how: 'process.send() of the Buffer' },
  { name: 'zeromq', title: 'zeromq, ipc', kind: 'peer', how: 'a pair of sockets' },
  { name: 'worker', title: 'worker_threads', kind: 'peer', value: 'locked', how: 'SharedArrayBuffer under a lock of Atomics; postMessage() of a number. One process only' },
  { name: 'floor', title: 'memcpy and futex', kind: 'floor', native: 'floor', value: 'torn', how: 'C++, no lock, no check: what nothing can be faster than' },
  { name: 'semop', title: 'bare semop', kind: 'floor', how: 'SEM_UNDO: the kernel gives it back for who dies' }
]
