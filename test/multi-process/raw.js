'use strict'

// Several processes at one raw segment.

const fs = require('node:fs')
const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const { promisify } = require('node:util')
const crypto = require('node:crypto')
const shm = require('../..')
const { child } = require('../helpers/child')
const { uniqueKey } = require('../helpers/keys')
const { classicHolder, holdRaw } = require('../helpers/peer')
const { counterOf, pattern } = require('../helpers/pattern')
const { withSegment } = require('../helpers/segment')

const raw = (t, options) => withSegment(t, { layout: 'raw', ...options })

function uniqueSemaphore (t) {
  const name = `/shmnode-t-${uniqueKey()}`
  t.teardown(() => fs.rmSync(`/dev/shm/sem.${name.slice(1)}`, { force: true }))
  return name
}

async function ends (process) {
  const { code, stderr } = await process.ended
  return { code, stderr }
}

t.test('two processes count to 20,000 under the lock for applications', async t => {
  const segment = await raw(t)
  const counters = [0, 1].map(() => child(t, 'raw-counter.js', [segment.key, 10_000, 'lock']))
  for (const counter of counters) t.match(await ends(counter), { code: 0, stderr: '' })
  t.equal(segment.view(Float64Array)[0], 20_000)
})

t.test('one of them killed while it counts, again and again', async t => {
  const segment = await raw(t)
  const steady = child(t, 'raw-counter.js', [segment.key, 3000, 'lock'])
  await steady.line()
  for (let i = 0; i < 10; i++) {
    const victim = child(t, 'raw-counter.js', [segment.key, 1e9, 'lock'])
    await victim.line()
    await sleep(Math.random() * 40)
    await victim.kill()
  }
  t.match(await ends(steady), { code: 0, stderr: '' })
  t.ok(segment.view(Float64Array)[0] >= 3000)
  await (await segment.tryLock()).release()
})

for (const guard of ['a semaphore set', 'a POSIX semaphore']) {
  t.test(`readers and writers of three processes, by ${guard}: nothing is torn`, async t => {
    const semaphore = guard === 'a POSIX semaphore' ? uniqueSemaphore(t) : undefined
    const segment = await raw(t, { capacity: 100_000, semaphore })
    await segment.write(pattern(100_000, 1))
    const writers = [0, 1].map(() => child(t, 'raw-counter.js', [segment.key, 500, 'write', ...(semaphore ? [semaphore] : [])]))
    const settled = Promise.all(writers.map(ends))
    const state = { isOver: false }
    settled.then(() => { state.isOver = true })
    let reads = 0
    while (!state.isOver) {
      const values = await Promise.all([segment.read({ timeout: Infinity }), segment.read({ timeout: Infinity })])
      if (values.some(value => counterOf(value) === null)) t.fail('torn')
      reads += values.length
    }
    for (const end of await settled) t.match(end, { code: 0, stderr: '' })
    t.ok(reads > 0, `${reads} reads`)
  })
}

t.test('writers killed in the middle: the lock is free, and the next write is whole', async t => {
  const segment = await raw(t, { capacity: 1 << 20 })
  for (let i = 0; i < 10; i++) {
    const victim = child(t, 'raw-counter.js', [segment.key, 1e9, 'write'])
    await victim.line()
    await sleep(Math.random() * 20)
    await victim.kill()
    await segment.write(pattern(1 << 20, i))
    t.equal(counterOf(await segment.read()), BigInt(i))
  }
})

t.test('more waiting segments than threads, of both kinds of locks', async t => {
  const segments = []
  const holders = []
  for (let i = 0; i < 6; i++) {
    const semaphore = i % 2 === 0 ? uniqueSemaphore(t) : undefined
    const segment = await raw(t, { semaphore })
    segments.push(segment)
    holders.push(await (semaphore ? classicHolder(t, segment.key, semaphore) : holdRaw(t, segment.key)))
  }
  const settled = segments.map(() => false)
  const waiting = segments.map((segment, i) => segment.write('x', { timeout: 3000 }).then(() => { settled[i] = true }, ({ code }) => { settled[i] = code }))
  await sleep(100)
  for (let i = 0; i < 20; i++) {
    await fs.promises.readFile(__filename)
    await promisify(crypto.pbkdf2)('a', 'b', 1000, 32, 'sha256')
    await shm.list()
  }
  t.strictSame(settled, segments.map(() => false), 'others get through')
  await Promise.all(holders.map(holder => holder.kill()))
  await Promise.all(waiting)
  t.strictSame(settled, segments.map((_, i) => i % 2 === 0 ? 'ERR_SHM_TIMEOUT' : true), 'a POSIX semaphore is not released by a death')
})

t.test('processes leave while their calls wait', async t => {
  const semaphore = uniqueSemaphore(t)
  const guarded = await raw(t, { semaphore })
  const plain = await raw(t)
  await classicHolder(t, guarded.key, semaphore)
  await holdRaw(t, plain.key)
  for (const segment of [guarded, plain]) {
    const waiting = child(t, 'raw-counter.js', [segment.key, 1, 'write', ...(segment === guarded ? [semaphore] : [])])
    await waiting.line()
    await sleep(100)
    waiting.process.kill('SIGTERM')
    t.match(await waiting.ended, { signal: 'SIGTERM' })
    const leaving = child(t, 'raw-exit.js', [segment.key, ...(segment === guarded ? [semaphore] : [])])
    t.match(await leaving.ended, { code: 7 })
  }
})
