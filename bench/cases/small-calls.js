'use strict'

// P1, P2, P3 and P5: calls on 64 bytes, where the way there is all that costs. (P1m: the most that batches could save.)

const shm = require('shmnode')
const floors = require('../floors')
const { concurrently, sequentially, synchronously, together } = require('../loops')

const WIDTH = 64
let segment

/** @returns {Promise<import('../measure').BenchCase[]>} */
async function smallCalls () {
  const key = 0x5e000000 + process.pid
  segment = await shm.open(key, { exclusive: true })
  const bytes = Buffer.alloc(64, 1)
  await segment.write(bytes)
  floors.openCell(key)
  const batch = { calls: WIDTH * 1500, atLeast: true }
  const concurrent = { ...batch, ours: concurrently(WIDTH, () => segment.read()), bar: 10 }
  const alone = concurrently(WIDTH, () => floors.readOnePerCall(false))
  const locked = concurrently(WIDTH, () => floors.readOnePerCall(true))
  return [
    { id: 'P1', title: '64 concurrent read() / one AsyncWorker per call', floor: alone, ...concurrent },
    { id: 'P1c', title: 'the same, processor time', floor: alone, clock: 'cpu', ...concurrent },
    { id: 'P1m', title: 'one empty hop and 64 Promises / one AsyncWorker per call', floor: alone, ...batch, ours: together(WIDTH, floors.emptyHop) },
    { id: 'P1l', title: '64 concurrent read() / one locking AsyncWorker per call', floor: locked, ...concurrent },
    { id: 'P2', title: 'sequential read() / empty AsyncWorker hop', calls: 5000, ours: sequentially(() => segment.read()), floor: sequentially(floors.emptyHop), bar: 1.15 },
    { id: 'P3', title: 'readIntoSync() / empty Node-API call', calls: 300_000, ours: synchronously(() => segment.readIntoSync(bytes)), floor: synchronously(floors.emptyCall), bar: 3 },
    { id: 'P5', title: 'writeSync() / bare semop lock and unlock', calls: 50_000, ours: synchronously(() => segment.writeSync(bytes)), floor: pairs => floors.semopPairs(pairs, 1), bar: 1.6 }
  ]
}

smallCalls.ids = ['P1', 'P1c', 'P1m', 'P1l', 'P2', 'P3', 'P5']

smallCalls.end = async () => {
  floors.closeCell()
  await segment.destroy()
}

module.exports = smallCalls
