'use strict'

// The calls that never wait, where they differ from their twins.

const t = require('tap')
const { withSegment } = require('../helpers/segment')

t.test('they mix with calls under way', async t => {
  const segment = await withSegment(t, { capacity: 200_000 })
  const large = segment.write(Buffer.alloc(200_000, 1))
  const reads = [segment.read(), segment.read()]
  segment.readSync()
  await large
  t.equal(segment.writeSync('after'), 2)
  t.equal(String(segment.readSync()), 'after')
  for (const data of await Promise.all(reads)) t.ok([0, 200_000, 5].includes(data.length))
})

t.test('data is taken before the call returns', async t => {
  const segment = await withSegment(t, { capacity: 1_000_000 })
  const data = Buffer.alloc(1_000_000, 1)
  segment.writeSync(data)
  data.fill(2)
  t.strictSame(segment.readSync(), Buffer.alloc(1_000_000, 1))
})

t.test('they throw what their twins reject with', async t => {
  const segment = await withSegment(t, { capacity: 10 })
  t.throws(() => segment.writeSync('more than ten'), { name: 'ShmError', code: 'ERR_SHM_TOO_LARGE', key: segment.key })
  segment.writeSync('0123456789')
  t.throws(() => segment.readIntoSync(new Uint8Array(3)), { code: 'ERR_SHM_TOO_LARGE' })
  t.equal(segment.version, 1)
})

t.test('a value of 16 MiB', async t => {
  const length = 16 * 1024 * 1024
  const segment = await withSegment(t, { capacity: length })
  segment.writeSync(Buffer.alloc(length, 5))
  t.ok(segment.readSync().equals(Buffer.alloc(length, 5)))
})
