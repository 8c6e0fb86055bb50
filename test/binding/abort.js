'use strict'

// AbortSignals: on time, with the truth about what was committed, and without leaving listeners behind.

const { getEventListeners } = require('node:events')
const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { uniqueKey } = require('../helpers/keys')
const { systemVOnly } = require('../helpers/memory')
const { hold } = require('../helpers/peer')
const { another, withSegment } = require('../helpers/segment')

const listeners = signal => getEventListeners(signal, 'abort').length
const waits = segment => ({
  write: signal => segment.write('x', { signal, timeout: Infinity }),
  largeWrite: signal => segment.write(Buffer.alloc(70_000), { signal, timeout: Infinity }),
  update: signal => segment.update(() => 'x', { signal, timeout: Infinity }),
  destroy: signal => segment.destroy({ signal, timeout: Infinity }),
  destroyByKey: signal => shm.destroy(segment.key, { signal, timeout: Infinity })
})

t.test('aborted before: nothing happens', async t => {
  const segment = await withSegment(t)
  const reason = new Error('never mind')
  const signal = AbortSignal.abort(reason)
  const calls = {
    ...waits(segment),
    read: signal => segment.read({ signal }),
    readInto: signal => segment.readInto(Buffer.alloc(1), { signal }),
    snapshot: signal => segment.snapshot({ signal }),
    lock: signal => segment.lock({ signal }),
    withLock: signal => segment.withLock(() => t.fail('not called'), { signal }),
    open: signal => shm.open(uniqueKey(), { signal })
  }
  for (const [name, call] of Object.entries(calls)) {
    const error = await call(signal).then(() => null, error => error)
    t.equal(error, reason, name)
  }
  t.equal(segment.version, 0)
})

t.test('aborted while the lock is held by others', async t => {
  const segment = await withSegment(t, { capacity: 100_000 })
  await hold(t, segment.key)
  for (const [name, call] of Object.entries(waits(segment))) {
    for (const delay of [0, 30]) {
      const controller = new AbortController()
      const settled = call(controller.signal).then(() => null, error => error)
      await sleep(delay)
      controller.abort()
      t.match(await settled, { name: 'AbortError' }, `${name} after ${delay} ms`)
      t.equal(listeners(controller.signal), 0)
    }
  }
  t.equal(segment.stats().pending, 0)
  t.equal(segment.version, 0)
})

t.test('a write that rejects was not committed, one that was committed resolves', async t => {
  const segment = await withSegment(t)
  let expected = 0
  let aborted = 0
  for (let i = 0; i < 400; i++) {
    const controller = new AbortController()
    const settled = Promise.allSettled(Array.from({ length: 20 }, () => segment.write(`${i}`, { signal: controller.signal })))
    if (i % 4 === 0) setImmediate(() => controller.abort())
    else for (let turns = 0; turns < i % 4; turns++) await null
    controller.abort()
    for (const { status, value } of await settled) {
      if (status === 'fulfilled') t.equal(value, ++expected)
      else aborted++
    }
  }
  t.equal(segment.version, expected)
  t.ok(aborted > 0)
})

t.test('others in the queue are served', async t => {
  const segment = await withSegment(t)
  const holder = await hold(t, segment.key)
  const controller = new AbortController()
  const settled = Promise.allSettled(Array.from({ length: 30 }, (_, i) => segment.write(`${i}`, i % 3 === 0 ? { signal: controller.signal } : {})))
  await sleep(20)
  controller.abort()
  await holder.kill()
  t.strictSame((await settled).map(({ status }) => status === 'rejected'), Array.from({ length: 30 }, (_, i) => i % 3 === 0))
  t.equal(segment.version, 20)
  t.equal(segment.stats().pending, 0)
})

t.test('ten thousand on one signal', async t => {
  const segment = await withSegment(t)
  await hold(t, segment.key)
  const controller = new AbortController()
  const { signal } = controller
  const settled = Promise.allSettled(Array.from({ length: 10_000 }, () => segment.write('x', { signal, timeout: Infinity })))
  await sleep(60)
  t.equal(listeners(signal), 1)
  controller.abort()
  t.ok((await settled).every(({ reason }) => reason === signal.reason))
  t.equal(listeners(signal), 0)
  t.equal(segment.stats().pending, 0)
  t.equal(segment.version, 0)
})

t.test('no listener stays behind', async t => {
  const segment = await withSegment(t, { inlineLimit: 10 })
  const { signal } = new AbortController()
  await segment.write('x', { signal })
  await segment.write('more than ten bytes', { signal })
  await segment.read({ signal })
  await segment.readInto(Buffer.alloc(100), { signal })
  await t.rejects(segment.write('x', { signal, ifVersion: 77 }), { code: 'ERR_SHM_VERSION_CONFLICT' })
  await another(t, segment.key, { signal })
  const lock = await segment.lock({ signal })
  await lock.release()
  t.equal(listeners(signal), 0)
})

t.test('a signal must be one', async t => {
  const segment = await withSegment(t)
  for (const signal of [null, {}, 'abort', new EventTarget()]) {
    await t.rejects(segment.read({ signal }), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    await t.rejects(shm.open(segment.key, { signal }), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  }
})

t.test('open: what comes after the abort is closed', async t => {
  const segment = await withSegment(t)
  const attached = async () => (await segment.stat()).attached
  for (let i = 0; i < 20; i++) {
    const controller = new AbortController()
    const opening = shm.open(segment.key, { signal: controller.signal })
    setImmediate(() => controller.abort())
    await opening.then(segment => segment.close(), () => {})
  }
  // The last of them may still be under way.
  for (let looks = 0, alone = 0; alone < 20 && looks < 1000; looks++) {
    alone = await attached() === 1 ? alone + 1 : 0
    await sleep(5)
  }
  t.equal(await attached(), 1)
})

t.test('a private segment that nobody waits for any more', systemVOnly, async t => {
  const controller = new AbortController()
  const refused = t.rejects(shm.open(shm.PRIVATE, { capacity: 4321, signal: controller.signal }), { name: 'AbortError' })
  controller.abort()
  await refused
  const mine = () => kernel.segments().filter(({ key, cpid, size }) => key === 0 && cpid === process.pid && size === 4096 + 3 * 8192)
  for (let tries = 0; tries < 100 && mine().length > 0; tries++) await sleep(10)
  t.strictSame(mine(), [])
})
