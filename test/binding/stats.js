'use strict'

const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const { hold } = require('../helpers/peer')
const { withSegment } = require('../helpers/segment')

t.test('counts', async t => {
  const segment = await withSegment(t)
  const none = { calls: 0, batches: 0, largestBatch: 0, inline: 0, retries: 0, waits: 0, waitTime: null }
  t.strictSame(segment.stats(), { pending: 0, reads: none, writes: none, locks: none })
  await Promise.all(Array.from({ length: 10 }, () => segment.write('x')))
  await Promise.all(Array.from({ length: 20 }, () => segment.read()))
  await segment.read()
  await segment.withLock(() => {})
  const { pending, reads, writes, locks } = segment.stats()
  t.equal(pending, 0)
  t.match(writes, { calls: 10, batches: 1, largestBatch: 10 })
  t.match(reads, { calls: 21, batches: 2, largestBatch: 20 })
  t.match(locks, { calls: 1, batches: 1 })
})

t.test('waits', async t => {
  const segment = await withSegment(t)
  const holder = await hold(t, segment.key)
  const writing = Promise.all([segment.write('1'), segment.write('2')])
  await sleep(120)
  t.match(segment.stats(), { pending: 2, writes: { calls: 0, waits: 0 } })
  await holder.kill()
  await writing
  const { waits, waitTime, calls } = segment.stats().writes
  t.strictSame({ waits, calls }, { waits: 1, calls: 2 })
  t.ok(waitTime.max > 0, `${waitTime.max} ms`)
  t.ok(waitTime.min <= waitTime.p50 && waitTime.p50 <= waitTime.max)
})
