'use strict'

// The C++ programs at the same segments: native/test/peer.cc and storm_peer.cc.

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')
const { start } = require('./child')
const { isPosix } = require('./memory')

const BUILT = path.join(__dirname, '../../build/Release')
const PEER = path.join(BUILT, 'peer')
const CLASSIC = path.join(BUILT, 'classic')
const STORM_PEER = path.join(BUILT, 'storm_peer')
const execute = promisify(execFile)
const classicEnv = (key, semaphore = `/shmnode-t-${key}`) => ({ SHM_KEY: String(key | 0), SHM_SEMAPHORE: semaphore })

/** Runs it to its end, and gives what it printed. */
async function peer (...args) {
  const { stdout } = await execute(PEER, args.map(String), { encoding: 'buffer', maxBuffer: 2 ** 30 })
  return stdout
}

/** Starts it; killed when the test ends. */
function startPeer (t, ...args) {
  if (!fs.existsSync(PEER)) throw new Error('the test programs are not built: npm run build:tests')
  return start(t, PEER, args)
}
/** ROLE KEY CAPACITY SEED: at work until it is killed. */
const startStormPeer = (t, ...args) => start(t, STORM_PEER, args)

/** A process that has the lock, `how` being exclusive, shared, gate or user, for so many milliseconds; 0: until killed. */
async function hold (t, segment, how = 'exclusive', milliseconds = 0) {
  const holder = startPeer(t, 'hold', segment, how, milliseconds)
  await holder.line()
  return holder
}

/** The same of a raw segment. */
async function holdRaw (t, segment, how = 'exclusive', milliseconds = 0) {
  const holder = startPeer(t, 'raw-hold', segment, how, milliseconds)
  await holder.line()
  return holder
}

/** The classic C program at a segment, run to its end: what it printed. */
async function classic (key, ...args) {
  const { stdout } = await execute(CLASSIC, args, { env: { ...process.env, ...classicEnv(key) } })
  return stdout
}

/** The same, with the semaphore until it is killed. Where the tests are about POSIX memory, its System V segment is of no use. */
async function classicHolder (t, key, semaphore) {
  const holder = start(t, CLASSIC, ['hold'], classicEnv(key, semaphore))
  await holder.line()
  if (isPosix) await execute('ipcrm', ['--shmem-key', String(key >>> 0)])
  return holder
}

/** A process that has the exclusive locks of all of them; `send(i)` lets the i-th go. */
async function holdAll (t, segments) {
  const holder = startPeer(t, 'hold-all', ...segments.map(({ key }) => key))
  await holder.line()
  return holder
}

module.exports = { peer, startPeer, startStormPeer, hold, holdRaw, holdAll, classic, classicHolder, PEER, STORM_PEER }
