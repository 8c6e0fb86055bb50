'use strict'

// P4 and P10: values where the copy is what costs.

const shm = require('shmnode')
const floors = require('../floors')
const { sequentially, synchronously } = require('../loops')

const MIB = 1024 * 1024
/** Of a segment, unless one asks for others. */
const SLOTS = 3
let segment
let held = 0

/** Reads want a value of the right length there, and its write outside of what is timed but for the first round, a warm-up. */
const holding = (source, side) => async calls => {
  if (held !== source.length) await segment.write(source)
  held = source.length
  await side(calls)
}

/** As writes take the slots: where the second-level cache has room for a source and a target, but not for these, that is slower. */
function byTurns (source) {
  const targets = Array.from({ length: SLOTS }, () => Buffer.alloc(source.length, 2))
  return calls => {
    for (let i = 0; i < calls; i++) floors.memcpy(targets[i % SLOTS], source)
  }
}

function casesFor (mebibytes, calls) {
  const source = Buffer.alloc(mebibytes * MIB, 1)
  const target = Buffer.alloc(mebibytes * MIB, 2)
  const floor = synchronously(() => floors.memcpy(target, source))
  const common = { calls, floor, bar: 1.1 }
  const cases = [
    { id: 'P4', title: `readIntoSync() of ${mebibytes} MiB / memcpy`, ours: holding(source, synchronously(() => segment.readIntoSync(target))), ...common },
    { id: 'P4', title: `writeSync() of ${mebibytes} MiB / memcpy`, ours: synchronously(() => segment.writeSync(source)), ...common }
  ]
  if (mebibytes < 16) return [...cases, { id: 'P4t', title: `the same / memcpy to ${SLOTS} targets by turns`, calls, ours: cases.at(-1).ours, floor: byTurns(source) }]
  return cases.concat([
    { id: 'P4', title: `readInto() of ${mebibytes} MiB / memcpy`, ours: holding(source, sequentially(() => segment.readInto(target))), ...common },
    { id: 'P4', title: `write() of ${mebibytes} MiB / memcpy`, ours: sequentially(() => segment.write(source)), ...common }
  ])
}

/** @returns {Promise<import('../measure').BenchCase[]>} */
async function largeValues () {
  segment = await shm.open(0x5e000000 + process.pid, { exclusive: true, capacity: 16 * MIB })
  const target = Buffer.alloc(MIB)
  return [
    ...casesFor(1, 400),
    ...casesFor(16, 20),
    {
      id: 'P10',
      title: 'read() of 1 MiB / readInto() of the same',
      calls: 100,
      ours: holding(target, sequentially(() => segment.read())),
      floor: holding(target, sequentially(() => segment.readInto(target))),
      bar: 2
    }
  ]
}

largeValues.ids = ['P4', 'P4t', 'P10']

largeValues.end = () => segment.destroy()

module.exports = largeValues
