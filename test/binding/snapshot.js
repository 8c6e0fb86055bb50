'use strict'

const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const { withSegment } = require('../helpers/segment')
const { run } = require('../helpers/run')

const NEVER = { data: Buffer.alloc(0), version: 0, committedAt: null, writerPid: null, mediaType: null }

t.test('never written', async t => {
  const segment = await withSegment(t)
  t.strictSame(await segment.snapshot(), NEVER)
  t.strictSame(segment.snapshotSync(), NEVER)
  t.strictSame(await Promise.all([segment.snapshot(), segment.snapshot()]), [NEVER, NEVER])
})

t.test('the facts of a value', async t => {
  const segment = await withSegment(t)
  const before = Date.now()
  await segment.write('x', { mediaType: 'text/plain; charset=utf-8' })
  const after = Date.now()
  for (const snapshot of [await segment.snapshot(), segment.snapshotSync(), ...await Promise.all([segment.snapshot(), segment.snapshot()])]) {
    const { data, version, committedAt, writerPid, mediaType } = snapshot
    t.strictSame({ data: String(data), version, writerPid, mediaType }, { data: 'x', version: 1, writerPid: process.pid, mediaType: 'text/plain; charset=utf-8' })
    t.ok(committedAt instanceof Date)
    t.ok(committedAt.getTime() >= before - 1 && committedAt.getTime() <= after + 1, 'when it was committed')
    t.strictSame(Object.keys(snapshot).sort(), ['committedAt', 'data', 'mediaType', 'version', 'writerPid'])
  }
})

t.test('facts belong to the value, not to the segment', async t => {
  const segment = await withSegment(t)
  await segment.write('typed', { mediaType: 'a/b' })
  const first = await segment.snapshot()
  await sleep(5)
  await segment.write('untyped')
  const second = await segment.snapshot()
  t.equal(second.mediaType, null)
  t.equal(segment.snapshotSync().mediaType, null)
  t.ok(second.committedAt > first.committedAt)
  t.strictSame([first.version, second.version], [1, 2])
})

t.test('the writer is who wrote', async t => {
  const segment = await withSegment(t)
  const pid = await run(async (shm, key) => {
    const segment = await shm.open(key)
    await segment.write('from another process')
    return process.pid
  }, [segment.key])
  const { writerPid, data } = await segment.snapshot()
  t.equal(writerPid, pid)
  t.not(writerPid, process.pid)
  t.equal(String(data), 'from another process')
})

t.test('media types from 1 to 63 characters', async t => {
  const segment = await withSegment(t)
  for (const mediaType of ['x', ' ', '~'.repeat(62), 'application/'.padEnd(63, 'y')]) {
    await segment.write('x', { mediaType })
    t.equal((await segment.snapshot()).mediaType, mediaType)
    segment.writeSync('x', { mediaType })
    t.equal(segment.snapshotSync().mediaType, mediaType)
  }
})

t.test('media types of one batch', async t => {
  const segment = await withSegment(t, { slots: 16 })
  await Promise.all([segment.write('1', { mediaType: 'a/1' }), segment.write('2'), segment.write('3', { mediaType: 'a/3' })])
  t.match(await segment.snapshot(), { version: 3, mediaType: 'a/3' })
})
