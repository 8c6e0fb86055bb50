'use strict'

const t = require('tap')
const { withSegment } = require('../helpers/segment')
const { pattern } = require('../helpers/pattern')

const RANGE = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }
const TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }

t.test('a value never written is empty', async t => {
  const segment = await withSegment(t)
  t.strictSame(await segment.read(), Buffer.alloc(0))
  t.strictSame(segment.readSync(), Buffer.alloc(0))
  t.strictSame(await segment.read({ offset: 5, length: 5 }), Buffer.alloc(0))
  t.strictSame(await Promise.all([segment.read(), segment.read()]), [Buffer.alloc(0), Buffer.alloc(0)])
  t.equal(segment.version, 0)
})

t.test('a part of the value', async t => {
  const segment = await withSegment(t)
  await segment.write('0123456789')
  const parts = [
    [{}, '0123456789'], [{ offset: 0 }, '0123456789'], [{ offset: 3 }, '3456789'], [{ length: 4 }, '0123'], [{ offset: 3, length: 4 }, '3456'],
    [{ offset: 3, length: 0 }, ''], [{ offset: 9, length: 1 }, '9'], [{ offset: 9, length: 2 }, '9'], [{ offset: 10 }, ''], [{ offset: 11 }, ''],
    [{ offset: 2048 }, ''], [{ offset: 5000, length: 5 }, ''], [{ offset: Number.MAX_SAFE_INTEGER }, ''], [{ length: Infinity }, '0123456789'],
    [{ offset: 4, length: Number.MAX_SAFE_INTEGER }, '456789'], [{ offset: Number.MAX_SAFE_INTEGER, length: Number.MAX_SAFE_INTEGER }, '']
  ]
  for (const [options, expected] of parts) {
    t.equal(String(await segment.read(options)), expected, JSON.stringify(options))
    t.equal(String(segment.readSync(options)), expected, `sync ${JSON.stringify(options)}`)
    const target = Buffer.alloc(10, '.')
    t.strictSame(await segment.readInto(target, options), { length: expected.length, version: 1 })
    t.equal(String(target), expected.padEnd(10, '.'), `into ${JSON.stringify(options)}`)
    t.strictSame(segment.readIntoSync(target.fill('.'), options), { length: expected.length, version: 1 })
    t.equal(String(target), expected.padEnd(10, '.'), `into, sync ${JSON.stringify(options)}`)
  }
  const all = await Promise.all(parts.map(([options]) => segment.read(options)))
  t.strictSame(all.map(String), parts.map(([, expected]) => expected), 'all at once')
})

t.test('a part of a large value', async t => {
  const segment = await withSegment(t, { capacity: 1024 * 1024 })
  const value = pattern(1024 * 1024, 0x0807060504030201n)
  await segment.write(value)
  for (const [offset, length] of [[0, 10], [65535, 3], [1024 * 1024 - 5, 5], [1024 * 1024 - 5, 50], [12345, 600_000]]) {
    t.ok(value.subarray(offset, offset + length).equals(await segment.read({ offset, length })), `${offset}, ${length}`)
    t.ok(value.subarray(offset, offset + length).equals(segment.readSync({ offset, length })), `sync ${offset}, ${length}`)
  }
})

t.test('options that mean nothing', async t => {
  const segment = await withSegment(t)
  const bad = [
    [{ offset: -1 }, RANGE], [{ offset: 1.5 }, RANGE], [{ offset: NaN }, RANGE], [{ offset: 2 ** 53 }, RANGE], [{ offset: Infinity }, RANGE], [{ offset: '1' }, TYPE], [{ offset: null }, TYPE],
    [{ length: -1 }, RANGE], [{ length: 1.5 }, RANGE], [{ length: NaN }, RANGE], [{ length: '1' }, TYPE], [{ length: null }, TYPE],
    [null, TYPE], [5, TYPE], ['x', TYPE]
  ]
  const target = Buffer.alloc(1)
  for (const [options, error] of bad) {
    await t.rejects(segment.read(options), error)
    await t.rejects(segment.readInto(target, options), error)
    t.throws(() => segment.readSync(options), error)
    t.throws(() => segment.readIntoSync(target, options), error)
  }
  for (const [timeout, error] of [[-1, RANGE], [NaN, RANGE], ['5', TYPE], [null, TYPE]]) {
    await t.rejects(segment.read({ timeout }), error)
    await t.rejects(segment.snapshot({ timeout }), error)
    await t.rejects(segment.readInto(target, { timeout }), error)
  }
  for (const timeout of [0, 0.5, Infinity, undefined]) t.strictSame(await segment.read({ timeout }), Buffer.alloc(0))
})

t.test('buffers of concurrent reads are independent', async t => {
  const segment = await withSegment(t, { capacity: 100_000 })
  for (const length of [1, 64, 5000, 16_384, 16_385, 100_000]) {
    await segment.write(Buffer.alloc(length, 1))
    const buffers = await Promise.all(Array.from({ length: 20 }, () => segment.read()))
    const later = segment.read()
    buffers.forEach((buffer, i) => buffer.fill(i + 2))
    t.ok(buffers.every((buffer, i) => buffer.equals(Buffer.alloc(length, i + 2))), `${length} bytes`)
    t.strictSame(await later, Buffer.alloc(length, 1), 'nor are later ones touched')
    t.strictSame(await segment.read(), Buffer.alloc(length, 1))
  }
})

t.test('bytes of a read outlive the segment', async t => {
  const segment = await withSegment(t)
  await segment.write('kept')
  const kept = [await segment.read(), segment.readSync(), (await segment.snapshot()).data]
  await segment.destroy()
  t.strictSame(kept.map(String), ['kept', 'kept', 'kept'])
})

t.test('kinds of reads at once', async t => {
  const segment = await withSegment(t)
  await segment.write('value', { mediaType: 'text/plain' })
  const target = Buffer.alloc(5)
  const [whole, part, facts, into, again] = await Promise.all([
    segment.read(), segment.read({ offset: 2 }), segment.snapshot(), segment.readInto(target), segment.read()])
  t.strictSame([whole, part, facts.data, again].map(String), ['value', 'lue', 'value', 'value'])
  t.equal(facts.mediaType, 'text/plain')
  t.strictSame(into, { length: 5, version: 1 })
  t.equal(String(target), 'value')
})
