'use strict'

// Values of every size around the places where something changes: what is shared, copied, batched, full.

const t = require('tap')
const { isWhole, lengthAnd, pattern } = require('../helpers/pattern')
const { withSegment } = require('../helpers/segment')

const KIB = 1024
const MIB = 1024 * KIB
const CAPACITY = 5 * MIB + 3
const SIZES = [8, 9, 15, 16, 63, 64, 65, 4095, 4096, 4097, 16 * KIB - 1, 16 * KIB, 16 * KIB + 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB - 1, MIB, MIB + 1, 4 * MIB + 1, CAPACITY - 1, CAPACITY]

t.test('what is written is read', async t => {
  const segment = await withSegment(t, { capacity: CAPACITY })
  for (const size of [0, 1, 7, ...SIZES]) {
    const value = pattern(size, lengthAnd(size, 1))
    await segment.write(value)
    t.ok(value.equals(await segment.read()), `write and read ${size}`)
    t.ok(value.equals(segment.readSync()), `readSync ${size}`)
    segment.writeSync(value)
    t.ok(value.equals((await segment.snapshot()).data), `writeSync and snapshot ${size}`)
    const target = Buffer.alloc(size)
    t.strictSame(await segment.readInto(target), { length: size, version: segment.version })
    t.ok(value.equals(target), `readInto ${size}`)
  }
})

t.test('a shorter value leaks no tail of a longer one', async t => {
  const segment = await withSegment(t, { capacity: CAPACITY, slots: 2 })
  const sizes = SIZES.concat(SIZES.toReversed())
  for (const [i, size] of sizes.entries()) {
    await segment.write(pattern(size, lengthAnd(size, i)))
    t.ok(isWhole(await segment.read()), `${size} bytes`)
    const reads = await Promise.all([segment.read(), segment.read(), segment.snapshot().then(({ data }) => data)])
    t.ok(reads.every(data => data.length === size && isWhole(data)), 'and when several read')
  }
})

t.test('a target longer than the value keeps its rest', async t => {
  const segment = await withSegment(t, { capacity: 100 })
  await segment.write('0123456789')
  await segment.write('abc')
  const target = Buffer.alloc(8, '.')
  t.strictSame(await segment.readInto(target), { length: 3, version: 2 })
  t.equal(String(target), 'abc.....')
  t.strictSame(segment.readIntoSync(target.fill('-')), { length: 3, version: 2 })
  t.equal(String(target), 'abc-----')
})

t.test('more than the capacity', async t => {
  for (const capacity of [1, 2048, 4096, 100_000]) {
    const segment = await withSegment(t, { capacity })
    await segment.write(Buffer.alloc(capacity, 1))
    const over = Buffer.alloc(capacity + 1, 2)
    const error = { code: 'ERR_SHM_TOO_LARGE', message: new RegExp(`${capacity + 1} bytes.* ${capacity} `), key: segment.key }
    await t.rejects(segment.write(over), error)
    t.throws(() => segment.writeSync(over), error)
    await t.rejects(segment.update(() => over), error)
    t.strictSame(await segment.read(), Buffer.alloc(capacity, 1), 'the old value is intact')
    t.equal(segment.version, 1)
  }
})

t.test('a failed write takes no neighbours with it', async t => {
  const segment = await withSegment(t, { capacity: 3 })
  const written = await Promise.allSettled([segment.write('a'), segment.write('four'), segment.write('b')])
  t.match(written, [{ value: 1 }, { reason: { code: 'ERR_SHM_TOO_LARGE' } }, { value: 2 }])
  t.equal(String(await segment.read()), 'b')
})

t.test('a value of every size from 0 to 200', async t => {
  const segment = await withSegment(t, { capacity: 200 })
  for (let size = 200; size >= 0; size--) {
    const value = Buffer.alloc(size, size)
    segment.writeSync(value)
    if (!value.equals(await segment.read())) t.fail(`${size} bytes`)
  }
  t.equal(segment.version, 201)
})
