'use strict'

// P8: what others notice while a foreign program has the locks of 64 segments and 1,000 calls wait for them.

const { spawn } = require('node:child_process')
const crypto = require('node:crypto')
const dns = require('node:dns/promises')
const { once } = require('node:events')
const fs = require('node:fs/promises')
const path = require('node:path')
const { monitorEventLoopDelay } = require('node:perf_hooks')
const { setTimeout: sleep } = require('node:timers/promises')
const { promisify } = require('node:util')
const zlib = require('node:zlib')
const shm = require('shmnode')
const { sequentially } = require('../loops')

const SEGMENTS = 64
const CALLS = 1000
const PEER = path.join(__dirname, '../../build/Release/peer')

const segments = []
let holder

/** While the calls wait. They give up afterwards, so that the other side has the machine for itself. */
const whileWaiting = side => async calls => {
  const controller = new AbortController()
  const options = { timeout: Infinity, signal: controller.signal }
  const waiting = Promise.allSettled(Array.from({ length: CALLS }, (_, i) => segments[i % SEGMENTS].write('x', options)))
  await sleep(20)
  const began = process.hrtime.bigint()
  const own = await side(calls)
  const wall = Number(process.hrtime.bigint() - began) / calls
  controller.abort()
  await waiting
  return own ?? wall
}

/** So late are timers in the worst hundredth, in nanoseconds. */
async function loopDelay (milliseconds) {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await sleep(milliseconds)
  delay.disable()
  return delay.percentile(99)
}

const compressed = promisify(zlib.deflate)
const derived = promisify(crypto.pbkdf2)

/** @returns {Promise<import('../measure').BenchCase[]>} */
async function waiting () {
  for (let i = 0; i < SEGMENTS; i++) segments.push(await shm.open(0x5e800000 + process.pid * SEGMENTS + i, { exclusive: true }))
  holder = spawn(PEER, ['hold-all', ...segments.map(({ key }) => key)], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  const bytes = Buffer.alloc(16 * 1024, 'shmnode ')
  const work = {
    'fs.readFile()': () => fs.readFile(__filename),
    'dns.lookup()': () => dns.lookup('localhost'),
    'crypto.pbkdf2()': () => derived('a', 'b', 1000, 32, 'sha256'),
    'zlib.deflate()': () => compressed(bytes),
    'read() of a locked segment': () => segments[0].read()
  }
  const cases = Object.entries(work).map(([name, call]) => {
    const floor = sequentially(call)
    return { id: 'P8', title: `${name}, 1,000 calls waiting / unloaded`, calls: 200, ours: whileWaiting(floor), floor, bar: 2 }
  })
  return [...cases, { id: 'P8', title: 'event-loop delay, p99, 1,000 calls waiting / unloaded', calls: 300, ours: whileWaiting(loopDelay), floor: loopDelay, bar: 2 }]
}

waiting.ids = ['P8']

waiting.end = async () => {
  holder.kill()
  await once(holder, 'close')
  for (const segment of segments) await segment.destroy()
}

module.exports = waiting
