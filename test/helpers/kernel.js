'use strict'

// What the kernel has of segments and semaphore sets.

const fs = require('node:fs')

function table (file) {
  const [head, ...rows] = fs.readFileSync(`/proc/sysvipc/${file}`, 'utf8').trim().split('\n')
  const names = head.trim().split(/\s+/)
  return rows.map(row => Object.fromEntries(row.trim().split(/\s+/).map((text, i) => [names[i], Number(text)])))
}

/** Facts as ipcs(1) shows them: key, shmid, perms (in decimal digits that look octal), size, cpid, nattch, uid ... */
const segments = () => table('shm')
/** key, semid, perms, nsems, uid ... */
const sets = () => table('sem')

/** The segments and sets under a key, signed or not. */
function under (key) {
  const has = object => object.key === (key | 0)
  return { segments: segments().filter(has), sets: sets().filter(has) }
}

function isFree (key) {
  const found = under(key)
  return found.segments.length === 0 && found.sets.length === 0
}

module.exports = { segments, sets, under, isFree }
