'use strict'

// P5 of many segments: those that are used by turns, each of which has a lock of its own.

const shm = require('shmnode')
const floors = require('../floors')

const COUNTS = [100, 1000]
const idOf = count => `P5-${count}`
const segments = []

/** @returns {Promise<import('../measure').BenchCase[]>} */
async function byTurns () {
  for (let i = 0; i < Math.max(...COUNTS); i++) segments.push(await shm.open(shm.PRIVATE))
  return COUNTS.map(count => ({
    id: idOf(count),
    title: `writeSync() to ${count} segments by turns / semop on as many`,
    calls: 50_000,
    ours: writeTo(segments.slice(0, count)),
    floor: pairs => floors.semopPairs(pairs, count),
    bar: 1.6
  }))
}

function writeTo (chosen) {
  const bytes = Buffer.alloc(64, 1)
  return calls => {
    for (let i = 0; i < calls; i++) chosen[i % chosen.length].writeSync(bytes)
  }
}

byTurns.ids = COUNTS.map(idOf)

// Kept here, a thousand handles would make the garbage collector's work in the cases after this one.
byTurns.end = () => Promise.all(segments.splice(0).map(segment => segment.destroy()))

module.exports = byTurns
