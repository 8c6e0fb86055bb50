'use strict'

// ifVersion, and the order in which calls take effect.

const t = require('tap')
const { another, withSegment } = require('../helpers/segment')

t.test('ifVersion', async t => {
  const segment = await withSegment(t)
  t.equal(await segment.write('first', { ifVersion: 0 }), 1)
  await t.rejects(segment.write('again', { ifVersion: 0 }), { name: 'ShmError', code: 'ERR_SHM_VERSION_CONFLICT', version: 1, key: segment.key, message: /version 1, not 0/ })
  t.equal(await segment.write('second', { ifVersion: 1 }), 2)
  t.equal(segment.writeSync('third', { ifVersion: 2 }), 3)
  for (const ifVersion of [0, 2, 4, Number.MAX_SAFE_INTEGER]) {
    t.throws(() => segment.writeSync('x', { ifVersion }), { code: 'ERR_SHM_VERSION_CONFLICT', version: 3 })
    await t.rejects(segment.write('x', { ifVersion }), { code: 'ERR_SHM_VERSION_CONFLICT', version: 3 })
  }
  t.equal(String(await segment.read()), 'third')
})

t.test('one of forty racers wins', async t => {
  const segment = await withSegment(t)
  const other = await another(t, segment.key)
  const racers = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => (i % 2 ? segment : other).write(String(i), { ifVersion: 0 })))
  const winners = racers.flatMap(({ status }, i) => status === 'fulfilled' ? [i] : [])
  t.equal(winners.length, 1)
  t.equal(String(await segment.read()), String(winners[0]))
  t.ok(racers.every(({ reason }) => !reason || (reason.code === 'ERR_SHM_VERSION_CONFLICT' && reason.version === 1)))
})

t.test('a chain of conditional writes in one batch', async t => {
  const segment = await withSegment(t)
  const versions = await Promise.all([0, 1, 2, 3, 4].map(ifVersion => segment.write('x', { ifVersion })))
  t.strictSame(versions, [1, 2, 3, 4, 5])
})

t.test('writes that nobody awaits take effect in their order', async t => {
  const segment = await withSegment(t)
  const versions = await Promise.all(Array.from({ length: 1000 }, (_, i) => segment.write(String(i))))
  t.strictSame(versions, Array.from({ length: 1000 }, (_, i) => i + 1))
  t.equal(String(await segment.read()), '999')
})

t.test('more writes than travel together', async t => {
  const segment = await withSegment(t)
  const versions = await Promise.all(Array.from({ length: 5000 }, (_, i) => segment.write(String(i))))
  t.ok(versions.every((version, i) => version === i + 1))
  t.equal(String(await segment.read()), '4999')
})

t.test('large writes that travel one by one', async t => {
  const segment = await withSegment(t, { capacity: 700_000 })
  const versions = await Promise.all(Array.from({ length: 20 }, (_, i) => segment.write(Buffer.alloc(i % 2 ? 700_000 : 100_000, i))))
  t.ok(versions.every((version, i) => version === i + 1))
  t.strictSame(await segment.read(), Buffer.alloc(700_000, 19))
})

t.test('more reads than travel together', async t => {
  const segment = await withSegment(t)
  await segment.write('the same for all')
  const values = await Promise.all(Array.from({ length: 5000 }, () => segment.read()))
  t.ok(values.every(value => String(value) === 'the same for all'))
})

t.test('a read begun after a write has resolved sees it', async t => {
  const segment = await withSegment(t)
  const other = await another(t, segment.key)
  for (let i = 1; i <= 200; i++) {
    await segment.write(String(i))
    if (segment.version !== i || other.version !== i) t.fail(`version after write ${i}`)
    const values = [other.readSync(), await other.read(), await segment.read()].map(String)
    if (values.some(value => value !== String(i))) t.fail(`${values} after write ${i}`)
  }
  t.equal(other.version, 200)
})

t.test('the version is read live', async t => {
  const segment = await withSegment(t)
  const other = await another(t, segment.key)
  t.equal(other.version, 0)
  segment.writeSync('x')
  t.equal(other.version, 1)
  t.throws(() => { 'use strict'; other.version = 5 }, TypeError)
})
