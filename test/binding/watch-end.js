'use strict'

// How a watch ends: left, aborted, closed, destroyed, or of a segment that is corrupt.

const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const { DONE } = require('../helpers/iteration')
const kernel = require('../helpers/kernel')
const { poke, removeSegment, OFFSETS, u64 } = require('../helpers/raw')
const { another, attachesOf, withSegment } = require('../helpers/segment')

const DESTROYED = { name: 'ShmError', code: 'ERR_SHM_DESTROYED' }
const CORRUPT = { name: 'ShmError', code: 'ERR_SHM_CORRUPT' }

t.test('a signal', async t => {
  const segment = await withSegment(t)
  const reason = new Error('enough')
  const controller = new AbortController()
  const { signal } = controller
  const watch = segment.watch({ signal })
  const idle = segment.watch({ signal })
  const next = watch.next()
  const more = watch.next()
  setImmediate(() => controller.abort(reason))
  await t.rejects(next, reason)
  t.strictSame(await more, DONE, 'told once')
  t.strictSame(await watch.next(), DONE)
  await t.rejects(idle.next(), reason, 'also where nobody waited')
  await t.rejects(segment.watch({ signal }).next(), reason, 'aborted before')
  await t.rejects((async () => { for await (const _ of segment.watch({ signal: AbortSignal.timeout(20) })) t.fail(_) })(), { name: 'TimeoutError' })
})

t.test('a signal keeps nothing of watches that are over', async t => {
  const { getEventListeners } = require('node:events')
  const segment = await withSegment(t)
  const { signal } = new AbortController()
  for (let i = 0; i < 100; i++) {
    const watch = segment.watch({ signal })
    const next = watch.next()
    if (i % 2) segment.writeSync('x')
    if (i % 3) await watch.return()
    else await Promise.all([i % 2 ? next : undefined, watch.return()])
    await segment.snapshot({ newerThan: segment.version, timeout: 0, signal }).catch(() => {})
  }
  t.equal(getEventListeners(signal, 'abort').length, 0)
})

t.test('close ends it', async t => {
  const segment = await withSegment(t)
  const other = await another(t, segment.key)
  const [waiting, idle] = [segment.watch(), segment.watch()]
  const next = waiting.next()
  const late = t.rejects(segment.snapshot({ newerThan: 0 }), { code: 'ERR_SHM_CLOSED' })
  await segment.close()
  t.strictSame(await next, DONE)
  t.strictSame(await idle.next(), DONE)
  await late
  t.equal(await attachesOf(other, 1), 1, 'nothing of it is attached')
  t.throws(() => segment.watch(), { code: 'ERR_SHM_CLOSED' })
  await t.rejects(segment.snapshot({ newerThan: 0 }), { code: 'ERR_SHM_CLOSED' })
})

t.test('closed while there is news', async t => {
  for (let i = 0; i < 50; i++) {
    const segment = await withSegment(t)
    const watch = segment.watch()
    const next = watch.next()
    segment.writeSync(Buffer.alloc(i % 2 ? 10 : 2048))
    if (i % 3) await sleep(0)
    await segment.close()
    t.match(await next, { done: /true|false/ })
  }
})

t.test('destroyed', async t => {
  const segment = await withSegment(t)
  const other = await another(t, segment.key)
  const [own, theirs] = [segment.watch(), other.watch()]
  const idle = other.watch()
  const refused = [t.rejects(own.next(), DESTROYED), t.rejects(theirs.next(), DESTROYED), t.rejects(other.snapshot({ newerThan: 0 }), DESTROYED)]
  await segment.destroy()
  await Promise.all(refused)
  t.strictSame(await theirs.next(), DONE, 'told once')
  await t.rejects(idle.next(), DESTROYED)
  await t.rejects(other.watch({ from: 0 }).next(), DESTROYED)
})

t.test('removed behind our back', async t => {
  const segment = await withSegment(t)
  const refused = [t.rejects(segment.watch().next(), DESTROYED), t.rejects(segment.snapshot({ newerThan: 0 }), DESTROYED)]
  await sleep(50)
  removeSegment(segment.id)
  await Promise.all(refused)
  await t.rejects(segment.watch().next(), DESTROYED)
  kernel.under(segment.key).sets.forEach(({ semid }) => require('../helpers/raw').removeSet(semid))
})

t.test('numbers that cannot be', async t => {
  for (const commit of [7, 2n ** 53n, 2n ** 64n - 1n]) {
    const segment = await withSegment(t)
    await segment.write('x')
    const refused = t.rejects(segment.watch().next(), CORRUPT)
    const call = t.rejects(segment.snapshot({ newerThan: 3 }), CORRUPT)
    await sleep(10)
    await poke(segment.id, OFFSETS.commit, u64(commit))
    await Promise.all([refused, call])
    await t.rejects(segment.watch({ from: 0 }).next(), CORRUPT)
  }
})
