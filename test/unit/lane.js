'use strict'

// How calls travel to the pool, against a handle that answers by hand.

const t = require('tap')
const { COLUMNS, WRITE } = require('../../js/table')
const { setFlagsFromString } = require('node:v8')
const { runInNewContext } = require('node:vm')
const { setTimeout: sleep } = require('node:timers/promises')
const { commit, deliver, fakeSegment } = require('../helpers/fake-handle')

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')
const BUSY = { code: 'BUSY', holder: 4242 }

t.test('calls of one turn travel together', async t => {
  const { handle, segment } = fakeSegment()
  const versions = Promise.all(Array.from({ length: 10 }, () => segment.write('x')))
  const trip = await handle.trip()
  t.equal(trip.count, 10)
  commit(trip)
  t.strictSame(await versions, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  t.equal(handle.trips.length, 0)
})

t.test('calls made meanwhile travel together in the next trip', async t => {
  const { handle, segment } = fakeSegment()
  const first = segment.write('x')
  const trip = await handle.trip()
  const others = []
  for (let i = 0; i < 5; i++) {
    others.push(segment.write('y'))
    await sleep(1)
  }
  t.equal(handle.trips.length, 0, 'one trip at a time')
  commit(trip)
  t.equal(await first, 1)
  const next = await handle.trip()
  t.equal(next.count, 5)
  commit(next, 2)
  t.strictSame(await Promise.all(others), [2, 3, 4, 5, 6])
})

t.test('reads and writes do not wait for each other', async t => {
  const { handle, segment } = fakeSegment()
  const writing = segment.write('x')
  const stuck = await handle.trip()
  const reading = segment.read()
  const trip = await handle.trip()
  t.equal(trip.kind, 'read')
  deliver(trip, '')
  t.equal(String(await reading), '')
  commit(stuck)
  await writing
})

t.test('a trip takes 1024 calls at most', async t => {
  const { handle, segment } = fakeSegment()
  const versions = Promise.all(Array.from({ length: 2100 }, () => segment.write('x')))
  const counts = []
  for (let done = 0; done < 2100;) {
    const trip = await handle.trip()
    counts.push(trip.count)
    commit(trip, done + 1)
    done += trip.count
  }
  t.strictSame(counts, [1024, 1024, 52])
  t.ok((await versions).every((version, i) => version === i + 1))
})

t.test('large values travel in smaller company', async t => {
  const { handle, segment } = fakeSegment()
  const writes = Promise.all(Array.from({ length: 4 }, () => segment.write(Buffer.alloc(700_000))))
  for (let i = 0; i < 2; i++) {
    const trip = await handle.trip()
    t.ok(trip.count <= 2)
    commit(trip)
  }
  await writes
  handle.length = 3 * 1024 * 1024
  const reads = Promise.all([segment.read(), segment.read()])
  for (let i = 0; i < 2; i++) {
    const trip = await handle.trip()
    t.equal(trip.count, 1)
    deliver(trip, Buffer.alloc(10))
  }
  await reads
})

t.test('who was busy goes first, in order', async t => {
  const { handle, segment } = fakeSegment()
  const first = Promise.all([segment.write('1'), segment.write('2')])
  const trip = await handle.trip()
  const later = segment.write('3')
  trip.answer(BUSY)
  const next = await handle.trip()
  t.strictSame(next.buffers.map(String), ['1', '2', '3'])
  commit(next)
  t.strictSame(await first, [1, 2])
  t.equal(await later, 3)
})

t.test('one of a trip may fail', async t => {
  const { handle, segment } = fakeSegment()
  const settled = Promise.allSettled([segment.write('1', { ifVersion: 5 }), segment.write('2'), segment.write('3')])
  const { numbers, answer } = await handle.trip()
  t.strictSame([numbers[WRITE.IF_VERSION], numbers[COLUMNS + WRITE.IF_VERSION]], [5, -1])
  numbers[COLUMNS + WRITE.VERSION] = 1
  numbers[2 * COLUMNS + WRITE.VERSION] = 2
  answer(undefined, [{ code: 'VERSION_CONFLICT', number: 0 }])
  t.match(await settled, [{ reason: { code: 'ERR_SHM_VERSION_CONFLICT', version: 0 } }, { value: 1 }, { value: 2 }])
})

t.test('slices of 50 ms at most, and no longer than the most impatient waits', async t => {
  const { handle, segment } = fakeSegment()
  for (const [timeouts, longest] of [[[Infinity], 50], [[5000, 20], 20], [[0], 0], [[Infinity, 0.5], 0.5]]) {
    const settled = Promise.allSettled(timeouts.map(timeout => segment.write('x', { timeout })))
    const trip = await handle.trip()
    t.ok(trip.slice >= 0 && trip.slice <= longest, `${trip.slice}`)
    commit(trip)
    await settled
  }
})

t.test('a time-out', async t => {
  const { handle, segment } = fakeSegment()
  const settled = Promise.allSettled([segment.write('x', { timeout: 0 }), segment.write('y', { timeout: Infinity })])
  const trip = await handle.trip()
  trip.answer(BUSY)
  const next = await handle.trip()
  t.strictSame(next.buffers.map(String), ['y'])
  commit(next)
  t.match(await settled, [{ reason: { code: 'ERR_SHM_TIMEOUT', holderPid: 4242, message: /within 0 ms: process 4242/ } }, { value: 1 }])
})

t.test('time counts from the call, whatever the age of the process', async t => {
  const { now } = performance
  performance.now = () => now.call(performance) + 1e9
  t.teardown(() => { delete performance.now })
  const { handle, segment } = fakeSegment()
  const settling = Promise.allSettled(Array.from({ length: 1500 }, () => segment.write('x', { timeout: 60_000 })))
  const trip = await handle.trip()
  trip.answer(BUSY)
  commit(await handle.trip())
  await Promise.race([handle.trip().then(commit), settling])
  const refused = (await settling).filter(({ status }) => status === 'rejected')
  t.equal(refused.length, 0, refused[0]?.reason.message)
})

t.test('a busy trip that did not wait is followed by a pause', async t => {
  const { handle, segment } = fakeSegment()
  const writing = segment.write('x', { timeout: Infinity })
  let trips = 0
  const begun = performance.now()
  for (; trips < 20; trips++) (await handle.trip()).answer(BUSY)
  t.ok(performance.now() - begun >= 19, 'no busy loop')
  commit(await handle.trip())
  await writing
})

t.test('an addon that throws rejects its calls, and the next ones travel', async t => {
  const { handle, segment } = fakeSegment()
  const { write } = handle
  handle.write = () => { throw new Error('no memory') }
  const settled = Promise.allSettled([segment.write('x'), segment.write('y')])
  t.match(await settled, [{ reason: { message: 'no memory' } }, { reason: { message: 'no memory' } }])
  handle.write = write
  const writing = segment.write('z')
  commit(await handle.trip())
  t.equal(await writing, 1)
})

t.test('close waits for the trip that is under way, and for the next one', async t => {
  const { handle, segment } = fakeSegment()
  const first = segment.write('x')
  const trip = await handle.trip()
  const second = segment.write('y')
  let closed = false
  const closing = segment.close().then(() => { closed = true })
  await sleep(5)
  t.notOk(closed)
  commit(trip)
  t.equal(await first, 1)
  const next = await handle.trip()
  await sleep(5)
  t.notOk(closed)
  commit(next, 2)
  t.equal(await second, 2)
  await closing
})

t.test('close does not wait for a long queue', async t => {
  const { handle, segment } = fakeSegment()
  const first = segment.write('x')
  const trip = await handle.trip()
  const settling = Promise.allSettled(Array.from({ length: 3000 }, () => segment.write('y')))
  const closing = segment.close()
  commit(trip)
  await first
  commit(await handle.trip(), 2)
  await closing
  const refused = (await settling).filter(({ reason }) => reason?.code === 'ERR_SHM_CLOSED')
  t.equal(refused.length, 3000 - 1024)
})

t.test('close does not wait for the lock', async t => {
  const { handle, segment } = fakeSegment()
  const settling = Promise.allSettled([segment.write('x')])
  const trip = await handle.trip()
  settling.then(() => t.equal(handle.trips.length, 0))
  const behind = Promise.allSettled([segment.write('y')])
  const closing = segment.close()
  trip.answer(BUSY)
  await closing
  t.match([...await settling, ...await behind], [{ reason: { code: 'ERR_SHM_CLOSED' } }, { reason: { code: 'ERR_SHM_CLOSED' } }])
})

t.test('close waits for nobody who wants no more: aborted, or late, while the value has grown', async t => {
  for (const late of [false, true]) {
    const { handle, segment } = fakeSegment()
    const controller = new AbortController()
    const reading = segment.read({ signal: controller.signal, timeout: 20 })
    const refused = t.rejects(reading, late ? { code: 'ERR_SHM_TIMEOUT' } : { name: 'AbortError' })
    const trip = await handle.trip()
    const closing = segment.close()
    if (late) await sleep(30)
    else controller.abort()
    deliver(trip, 'grown')
    await refused
    await closing
    t.equal(segment.stats().pending, 0)
  }
})

t.test('who hears of a close may close again', async t => {
  const { handle, segment } = fakeSegment()
  handle.lock = (slice, answer) => answer(undefined, { isHeld: () => true, release () {} })
  const lock = await segment.lock()
  let again
  lock.signal.addEventListener('abort', () => { again = segment.close() })
  const writing = segment.write('x')
  const trip = await handle.trip()
  const closing = segment.close()
  t.equal(again, closing)
  commit(trip)
  await writing
  await closing
})

t.test('aborted calls do not stay in the queue behind one that waits', async t => {
  const { handle, segment } = fakeSegment()
  const trips = []
  handle.lock = (slice, answer) => trips.push(answer)
  const first = segment.lock({ timeout: Infinity })
  const signals = []
  for (let i = 0; i < 1000; i++) {
    const controller = new AbortController()
    const refused = segment.lock({ timeout: Infinity, signal: controller.signal }).catch(() => {})
    signals.push(new WeakRef(controller.signal))
    await null
    controller.abort()
    await refused
  }
  t.equal(segment.stats().pending, 1)
  await sleep(1)
  collectGarbage()
  t.ok(signals.filter(signal => signal.deref() !== undefined).length < 200)
  trips[0](undefined, { isHeld: () => true, release () {} })
  await (await first).release()
  t.equal(segment.stats().pending, 0)
})

t.test('whose turn comes too late is not sent', async t => {
  const { handle, segment } = fakeSegment()
  const first = segment.write('1')
  const trip = await handle.trip()
  const late = segment.write('2', { timeout: 5 })
  const patient = segment.write('3')
  const once = segment.write('4', { timeout: 0 })
  await sleep(20)
  commit(trip)
  await t.rejects(late, { code: 'ERR_SHM_TIMEOUT', message: /calls before it/ })
  const next = await handle.trip()
  t.equal(next.count, 2)
  commit(next, 2)
  t.strictSame(await Promise.all([first, patient, once]), [1, 2, 3])
})

t.test('who was busy for a full slice leaves the place in the pool to others', async t => {
  const { handle, segment } = fakeSegment()
  const written = segment.write('1')
  const trip = await handle.trip()
  await sleep(60)
  trip.answer(BUSY)
  t.equal(handle.trips.length, 0, 'not at once')
  commit(await handle.trip())
  t.equal(await written, 1)
})
