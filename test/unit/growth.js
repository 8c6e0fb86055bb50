'use strict'

// Values that change their length between the look at it and the read.

const t = require('tap')
const { deliver, fakeSegment } = require('../helpers/fake-handle')

t.test('a value that has grown is read again', async t => {
  for (const timeout of [5000, 0]) {
    const { handle, segment } = fakeSegment()
    const reads = Promise.all([segment.read({ timeout }), segment.read({ timeout }), segment.snapshot({ timeout })])
    deliver(await handle.trip(), Buffer.alloc(100, 1), 1)
    handle.length = 100
    deliver(await handle.trip(), Buffer.alloc(90, 2), 2)
    const [first, second, { data, version }] = await reads
    for (const bytes of [first, second, data]) t.strictSame(bytes, Buffer.alloc(90, 2))
    t.equal(version, 2)
  }
})

t.test('so is one that grows every time', async t => {
  const { handle, segment } = fakeSegment()
  const reading = segment.read()
  for (let length = 10; length <= 100; length += 10) deliver(await handle.trip(), Buffer.alloc(length, 1))
  const trip = await handle.trip()
  t.equal(trip.targets[0].length, 100)
  deliver(trip, 'short')
  t.equal(String(await reading), 'short')
})

t.test('a part that there was no room for', async t => {
  const { handle, segment } = fakeSegment()
  const part = segment.read({ offset: 2, length: 5 })
  deliver(await handle.trip(), '0123456789')
  deliver(await handle.trip(), '0123456789')
  t.equal(String(await part), '23456')
})

t.test('a value that has shrunk', async t => {
  const { handle, segment } = fakeSegment()
  handle.length = 1000
  const reads = Promise.all([segment.read(), segment.read({ offset: 3 })])
  deliver(await handle.trip(), 'abcde')
  t.strictSame((await reads).map(String), ['abcde', 'de'])
})

t.test('what its memory had before is not shown', async t => {
  const { handle, segment } = fakeSegment()
  handle.length = 100_000
  const reads = Promise.all([segment.read(), segment.read({ offset: 3 })])
  const trip = await handle.trip()
  for (const target of trip.targets) target.fill(1)
  deliver(trip, 'abcde')
  for (const { buffer } of await reads) t.ok(Buffer.from(buffer).subarray(5).every(byte => byte === 0))
})

t.test('several reads share one copy, and get bytes of their own', async t => {
  const { handle, segment } = fakeSegment()
  handle.length = 5
  const reads = Promise.all(Array.from({ length: 20 }, () => segment.read()))
  const trip = await handle.trip()
  t.equal(trip.count, 1)
  deliver(trip, 'value')
  const buffers = await reads
  t.ok(buffers.every(buffer => String(buffer) === 'value'))
  buffers[0].fill('x')
  t.equal(String(buffers[1]), 'value')
  t.notOk(buffers.some(buffer => trip.targets.includes(buffer)))
})

t.test('large ones do not', async t => {
  const { handle, segment } = fakeSegment()
  handle.length = 100_000
  const reads = Promise.all([segment.read(), segment.read()])
  const trip = await handle.trip()
  t.equal(trip.count, 2)
  deliver(trip, Buffer.alloc(100_000, 1))
  await reads
})

t.test('calls that do not wait give up when a value grows every time', async t => {
  const { handle, facts, segment } = fakeSegment()
  let length = 0
  handle.readSync = target => {
    length += 10
    facts.set([0, 1, length, target.length], 2)
  }
  t.throws(() => segment.readSync(), { code: 'ERR_SHM_BUSY' })
  t.throws(() => segment.snapshotSync(), { code: 'ERR_SHM_BUSY' })
})

t.test('calls that do not wait say what the addon says', async t => {
  const { handle, segment } = fakeSegment()
  handle.readSync = handle.readWholeSync = () => ({ code: 'BUSY', holder: 4242 })
  for (const call of [() => segment.readSync(), () => segment.snapshotSync(), () => segment.readIntoSync(new Uint8Array(5))]) {
    t.throws(call, { code: 'ERR_SHM_BUSY', holderPid: 4242, message: /process 4242/ })
  }
})
