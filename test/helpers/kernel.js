'use strict'

// What the kernel has of segments and semaphore sets.

const fs = require('node:fs')
const { files, isPosix, setKeyOf } = require('./memory')

function table (file) {
  const [head, ...rows] = fs.readFileSync(`/proc/sysvipc/${file}`, 'utf8').trim().split('\n')
  const names = head.trim().split(/\s+/)
  return rows.map(row => Object.fromEntries(row.trim().split(/\s+/).map((text, i) => [names[i], Number(text)])))
}

/** How often a file is mapped, in all processes that may be looked at. */
function mappings (inode) {
  const maps = fs.readdirSync('/proc').filter(name => /^\d+$/.test(name)).map(pid => {
    try {
      return fs.readFileSync(`/proc/${pid}/maps`, 'utf8')
    } catch {
      return '' // it is gone
    }
  })
  return maps.join('').split('\n').filter(line => line.includes('/dev/shm/') && line.includes(` ${inode} `)).length
}

/** A file in /dev/shm as ipcs(1) would show it, the inode for an id. */
const toSegment = ({ key, facts }) => ({
  key, shmid: facts.ino, perms: Number((facts.mode & 0o777).toString(8)), size: facts.size, uid: facts.uid, nattch: mappings(facts.ino)
})

/** Facts as ipcs(1) shows them: key, shmid, perms (in decimal digits that look octal), size, cpid, nattch, uid ... */
const segments = () => isPosix ? files().map(toSegment) : table('shm')
/** key, semid, perms, nsems, uid ... */
const sets = () => table('sem')

/** The segments and sets under a key, signed or not. */
function under (key) {
  const setKey = setKeyOf(key)
  return { segments: segments().filter(segment => segment.key === (key | 0)), sets: sets().filter(set => set.key === setKey) }
}

function isFree (key) {
  const found = under(key)
  return found.segments.length === 0 && found.sets.length === 0
}

module.exports = { mappings, segments, sets, under, isFree }
