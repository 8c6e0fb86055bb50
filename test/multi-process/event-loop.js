'use strict'

// No call blocks the event loop, and the pool is never starved. Counts and order, not times: the machine may be busy.

const fs = require('node:fs/promises')
const crypto = require('node:crypto')
const dns = require('node:dns/promises')
const zlib = require('node:zlib')
const t = require('tap')
const { promisify } = require('node:util')
const { setTimeout: sleep } = require('node:timers/promises')
const shm = require('../..')
const { hold } = require('../helpers/peer')
const { run } = require('../helpers/run')
const { withSegment } = require('../helpers/segment')

/** How often an interval of 5 ms comes while something is under way. */
async function ticksDuring (work) {
  let ticks = 0
  const interval = setInterval(() => { ticks++ }, 5)
  await work()
  clearInterval(interval)
  return ticks
}

t.test('the loop turns while a lock is held', async t => {
  const segment = await withSegment(t)
  await hold(t, segment.key)
  const calls = [
    () => segment.write('x', { timeout: 600 }),
    () => segment.update(() => 'x', { timeout: 600 }),
    () => shm.destroy(segment.key, { timeout: 600 }),
    () => segment.destroy({ timeout: 600 }),
    () => Promise.all(Array.from({ length: 1000 }, () => segment.write('x', { timeout: 600 })))
  ]
  for (const call of calls) {
    const ticks = await ticksDuring(() => t.rejects(call(), { code: 'ERR_SHM_TIMEOUT' }))
    t.ok(ticks > 10, `${ticks} ticks`)
  }
})

t.test('more waiting segments than threads', async t => {
  const segments = []
  for (let i = 0; i < 8; i++) segments.push(await withSegment(t))
  const holders = await Promise.all(segments.map(({ key }) => hold(t, key)))
  const settled = segments.map(() => false)
  const waiting = segments.map((segment, i) => segment.write('x', { timeout: Infinity }).then(() => { settled[i] = true }))
  await sleep(100)
  const work = [
    ['fs', () => fs.readFile(__filename)],
    ['crypto', () => promisify(crypto.pbkdf2)('a', 'b', 1000, 32, 'sha256')],
    ['zlib', () => promisify(zlib.gzip)(Buffer.alloc(10_000))],
    ['dns', () => dns.lookup('localhost')],
    ['read', () => Promise.all(segments.map(segment => segment.read()))],
    ['open', () => shm.open(segments[0].key).then(segment => segment.close())],
    ['list', () => shm.list()]
  ]
  for (const [name, run] of work) {
    for (let i = 0; i < 5; i++) await run()
    t.notOk(settled.includes(true), `${name} gets through`)
  }
  await Promise.all(holders.map(holder => holder.kill()))
  await Promise.all(waiting)
  t.ok(segments.every(({ version }) => version === 1))
})

t.test('64 waiting segments are all served', async t => {
  const segments = await Promise.all(Array.from({ length: 64 }, () => withSegment(t)))
  const holders = await Promise.all(segments.slice(0, 4).map(({ key }) => hold(t, key)))
  const blocked = segments.slice(0, 4).map(segment => segment.write('x', { timeout: Infinity }))
  await sleep(60)
  t.ok((await Promise.all(segments.slice(4).map(segment => segment.write('x')))).every(version => version === 1))
  await Promise.all(holders.map(holder => holder.kill()))
  t.ok((await Promise.all(blocked)).every(version => version === 1))
})

// ESM makes the threads before a module can say how many: what it says then must not count.
t.test('the number of threads that process.env claims too late', async t => {
  const segments = []
  for (let i = 0; i < 6; i++) segments.push(await withSegment(t))
  await Promise.all(segments.map(({ key }) => hold(t, key)))
  const keys = segments.map(({ key }) => key)
  const reads = await run(async (shm, keys) => {
    const fs = require('node:fs/promises')
    const file = '/proc/self/stat'
    await fs.readFile(file)
    process.env.UV_THREADPOOL_SIZE = '16'
    const segments = await Promise.all(keys.map(key => shm.open(key)))
    const state = { reads: 0, waiting: true }
    Promise.allSettled(segments.map(segment => segment.write('x', { timeout: 1500 }))).then(() => { state.waiting = false })
    for (; state.waiting; state.reads++) await fs.readFile(file)
    return state.reads
  }, [keys])
  t.ok(reads > 100, `${reads} files read meanwhile`)
})
