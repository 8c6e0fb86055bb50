'use strict'

// Where a process waits for the lock: the kernel tells the system call that each of its threads sleeps in.

const fs = require('node:fs')

/** semtimedop(2). */
const NUMBER = { x64: '220', arm64: '192' }[process.arch]

/** By the number of operations of the call (native/include/shmnode/turnstile_lock.hpp). */
const PLACE = { '0x2': 'before the gate', '0x3': 'behind the gate', '0x4': 'behind the gate', '0x5': 'behind the gate' }

function placeOf (file) {
  const [number, , , operations] = fs.readFileSync(file, 'utf8').split(' ')
  return number === NUMBER ? PLACE[operations] : undefined
}

/** 'before the gate', 'behind the gate', or undefined where it does not wait or the kernel does not tell. */
function whereWaits (pid) {
  try {
    const tasks = `/proc/${pid}/task`
    return fs.readdirSync(tasks).map(task => placeOf(`${tasks}/${task}/syscall`)).find(place => place !== undefined)
  } catch {
    return undefined
  }
}

module.exports = { whereWaits }
