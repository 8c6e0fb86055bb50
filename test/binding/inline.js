'use strict'

// inlineLimit: small calls on the calling thread, where that takes no wait.

const t = require('tap')
const { hold } = require('../helpers/peer')
const { another, withSegment } = require('../helpers/segment')

t.test('small calls make no trip', async t => {
  const segment = await withSegment(t, { inlineLimit: 16 })
  t.equal(await segment.write('small', { mediaType: 'text/plain' }), 1)
  t.equal(String(await segment.read()), 'small')
  t.match(await segment.snapshot(), { version: 1, mediaType: 'text/plain', writerPid: process.pid })
  const target = Buffer.alloc(10)
  t.strictSame(await segment.readInto(target), { length: 5, version: 1 })
  t.equal(target.toString('latin1', 0, 5), 'small')
  const { reads, writes } = segment.stats()
  t.match([reads, writes], [{ inline: 3, batches: 0 }, { inline: 1, batches: 0 }])
})

t.test('larger ones do', async t => {
  const segment = await withSegment(t, { inlineLimit: 16 })
  const large = Buffer.alloc(17, 'x')
  await segment.write(large)
  t.same(await segment.read(), large)
  t.match(segment.stats(), { reads: { inline: 0, calls: 1 }, writes: { inline: 0, calls: 1 } })
})

t.test('so do those that have to wait, and those behind them', async t => {
  const segment = await withSegment(t, { inlineLimit: 16 })
  const holder = await hold(t, segment.key)
  const writes = Promise.all([segment.write('1'), segment.write('2'), segment.write('3')])
  t.equal(segment.stats().pending, 3)
  await holder.kill()
  t.strictSame(await writes, [1, 2, 3])
  t.equal(segment.stats().writes.inline, 0)
})

t.test('errors are the same', async t => {
  const segment = await withSegment(t, { inlineLimit: Infinity })
  await t.rejects(segment.write('x', { ifVersion: 3 }), { code: 'ERR_SHM_VERSION_CONFLICT', version: 0 })
  await t.rejects(segment.write(Buffer.alloc(3000)), { code: 'ERR_SHM_TOO_LARGE' })
  await segment.write('four')
  await t.rejects(segment.readInto(Buffer.alloc(3)), { code: 'ERR_SHM_TOO_LARGE' })
  t.equal(String(await segment.read({ offset: 1, length: 2 })), 'ou')
  const reader = await another(t, segment.key, { readOnly: true, inlineLimit: 100 })
  await t.rejects(reader.write('x'), { code: 'ERR_SHM_READ_ONLY' })
  await reader.close()
  await t.rejects(reader.read(), { code: 'ERR_SHM_CLOSED' })
})

t.test('the limit must be a number of bytes', async t => {
  for (const inlineLimit of [-1, 1.5, NaN]) await t.rejects(withSegment(t, { inlineLimit }), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(withSegment(t, { inlineLimit: '10' }), { code: 'ERR_INVALID_ARG_TYPE' })
})
