'use strict'

// node-peer.js ROLE KEY CAPACITY SEED: the Node.js half of the peers, which print and leave as native/test/storm_peer.cc says.

const fs = require('node:fs')
const shm = require('../..')
const { EXIT_CODE, found, kindOf } = require('./findings')
const { Random } = require('./random')
const { Values, faultOf, stampText } = require('./value')

const [, , role, keyText, capacityText, seed] = process.argv
const key = Number(keyText)
const capacity = Number(capacityText)
const random = new Random(Number(seed))
const values = new Values(random, capacity)
/** Longer than anything but a lock that is never released. */
const timeout = 20_000

const never = new Int32Array(new SharedArrayBuffer(4))

/** Before it goes on: what is pending in the pipe when this process dies was said. Waits where the pipe is full. */
function say (...words) {
  for (let rest = Buffer.from(`${words.join(' ')}\n`); rest.length > 0;) {
    try {
      rest = rest.subarray(fs.writeSync(1, rest))
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
      Atomics.wait(never, 0, 0, 1)
    }
  }
}

let reads = 0

async function write (segment, options) {
  const { data, mediaType, stamp } = values.next()
  const version = await segment.write(data, { mediaType, timeout, ...options })
  say('wrote', segment.incarnation, version, stamp.toString(16))
  return version
}

function check (segment, snapshot, least) {
  const fault = faultOf(snapshot)
  if (fault !== null) throw found('torn', fault)
  if (snapshot.version < least) throw found('lost', `read ${snapshot.version} after ${least}`)
  if (++reads % 64 !== 0) return
  say('reads', 64)
  say('saw', segment.incarnation, snapshot.version, stampText(snapshot))
}

async function read (segment, least) {
  const snapshot = await segment.snapshot({ timeout })
  check(segment, snapshot, least)
  return snapshot.version
}

/** A twin may come to a lock that somebody holds. */
function readNow (segment, least) {
  try {
    const snapshot = segment.snapshotSync()
    check(segment, snapshot, least)
    return snapshot.version
  } catch (error) {
    if (error.code !== 'ERR_SHM_BUSY') throw error
    return least
  }
}

/** Others may destroy the segment of these roles at any time. */
async function unlessGone (call) {
  try {
    await call()
  } catch (error) {
    if (!['ERR_SHM_DESTROYED', 'ERR_SHM_NOT_FOUND', 'ERR_SHM_EXISTS'].includes(error.code)) throw error
  }
}

/** In a segment that stays: one turn each. */
const staying = {
  async writer (segment) {
    const versions = await Promise.all(Array.from({ length: 1 + random.below(4) }, () => write(segment)))
    await read(segment, Math.max(...versions))
  },

  async updater (segment) {
    const { data, mediaType, stamp } = values.next()
    let before
    const version = await segment.update(snapshot => {
      check(segment, snapshot, 0)
      before = snapshot.version
      return data
    }, { mediaType, timeout })
    say('wrote', segment.incarnation, version, stamp.toString(16))
    if (version !== before + 1) throw found('lost', `the update of ${before} is ${version}`)
  },

  async reader (segment) {
    let last = await read(segment, 0)
    for (let i = 0; i < 16; i++) last = readNow(segment, last)
    await Promise.all(Array.from({ length: 16 }, () => read(segment, last)))
  }
}

const destroyByKey = () => shm.destroy(key, { timeout })

async function destroyByHandle () {
  const segment = await shm.open(key, { create: false, timeout })
  await segment.destroy({ timeout }).finally(() => segment.close())
}

/** In one that comes and goes. */
const passing = {
  async creator () {
    const segment = await shm.open(key, { capacity, exclusive: random.oneIn(8), timeout })
    try {
      for (let i = random.below(8), last = 0; i > 0; i--) {
        last = Math.max(last, await write(segment))
        await read(segment, last)
      }
    } finally {
      await segment.close()
    }
  },

  /** Several at once, and then a while in which others can get something done. */
  async destroyer () {
    for (let i = random.below(8); i > 0; i--) await unlessGone(random.oneIn(2) ? destroyByKey : destroyByHandle)
    await new Promise(resolve => setTimeout(resolve, random.below(30)))
  }
}

async function main () {
  const segment = staying[role] && await shm.open(key, { create: false, timeout })
  const driver = process.ppid
  say('ready')
  while (process.ppid === driver) await (segment ? staying[role](segment) : unlessGone(passing[role]))
}

main().then(() => process.exit(), error => {
  console.error(error.stack)
  process.exit(EXIT_CODE[kindOf(error)] ?? 1)
})
