'use strict'

const t = require('tap')
const { withSegment } = require('../helpers/segment')

const TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
const VALUE = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }

const bytesOf = target => Buffer.from(ArrayBuffer.isView(target)
  ? new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
  : new Uint8Array(target))

t.test('targets of all kinds', async t => {
  const segment = await withSegment(t)
  await segment.write('01234567')
  const targets = [
    () => Buffer.alloc(8), () => new Uint8Array(8), () => new ArrayBuffer(8), () => new SharedArrayBuffer(8), () => new Float64Array(1),
    () => new DataView(new ArrayBuffer(20), 5, 8), () => new Uint16Array(new SharedArrayBuffer(16), 4, 4), () => Buffer.from('x'.repeat(10)).subarray(1, 9)
  ]
  for (const make of targets) {
    const target = make()
    t.strictSame(await segment.readInto(target), { length: 8, version: 1 })
    t.equal(String(bytesOf(target)), '01234567', target.constructor.name)
    const now = make()
    t.strictSame(segment.readIntoSync(now), { length: 8, version: 1 })
    t.equal(String(bytesOf(now)), '01234567', `${target.constructor.name}, sync`)
  }
})

t.test('only the view is written', async t => {
  const segment = await withSegment(t)
  await segment.write('abc')
  const around = Buffer.alloc(9, '.')
  await segment.readInto(around.subarray(3, 6))
  t.equal(String(around), '...abc...')
  segment.readIntoSync(around.fill('-').subarray(3, 6), { offset: 1 })
  t.equal(String(around), '---bc----')
})

t.test('a target too small is left unchanged', async t => {
  const segment = await withSegment(t)
  await segment.write('01234567')
  for (const size of [0, 1, 7]) {
    const target = Buffer.alloc(size, '.')
    const error = { code: 'ERR_SHM_TOO_LARGE', message: new RegExp(`8 bytes.* ${size} `) }
    await t.rejects(segment.readInto(target), error)
    t.throws(() => segment.readIntoSync(target), error)
    t.equal(String(target), '.'.repeat(size))
  }
  const target = Buffer.alloc(3)
  t.strictSame(await segment.readInto(target, { offset: 0 }), { length: 3, version: 1 }, 'unless a part is asked for')
  t.equal(String(target), '012')
})

t.test('the length limits what is written', async t => {
  const segment = await withSegment(t)
  await segment.write('01234567')
  const target = Buffer.alloc(8, '.')
  t.strictSame(await segment.readInto(target, { offset: 2, length: 3 }), { length: 3, version: 1 })
  t.equal(String(target), '234.....')
})

t.test('what is no target', async t => {
  const segment = await withSegment(t)
  await segment.write('x')
  for (const target of [undefined, null, 'text', 5, {}, [1], new Proxy(Buffer.alloc(8), {})]) {
    await t.rejects(segment.readInto(target), TYPE)
    await t.rejects(segment.readInto(target, { offset: 0 }), TYPE)
    t.throws(() => segment.readIntoSync(target), TYPE)
    t.throws(() => segment.readIntoSync(target, { offset: 0 }), TYPE)
  }
})

t.test('a target that is gone', async t => {
  const segment = await withSegment(t)
  await segment.write('x')
  const buffer = new ArrayBuffer(8)
  const view = new Uint8Array(buffer)
  structuredClone(buffer, { transfer: [buffer] })
  for (const target of [buffer, view]) {
    await t.rejects(segment.readInto(target), VALUE)
    t.throws(() => segment.readIntoSync(target), VALUE)
  }
})

t.test('a resizable target could go away meanwhile', async t => {
  const segment = await withSegment(t)
  await segment.write('abc')
  const buffer = new ArrayBuffer(8, { maxByteLength: 16 })
  await t.rejects(segment.readInto(buffer), VALUE)
  await t.rejects(segment.readInto(new Uint8Array(buffer)), VALUE)
  t.strictSame(segment.readIntoSync(buffer), { length: 3, version: 1 }, 'but not during a call that does not wait')
  t.equal(String(Buffer.from(buffer, 0, 3)), 'abc')
})

t.test('properties put over a view\'s length', async t => {
  const segment = await withSegment(t)
  await segment.write('abc')
  const target = new Uint8Array(3)
  for (const name of ['length', 'byteLength']) Object.defineProperty(target, name, { value: 2 ** 40 })
  t.strictSame(await segment.readInto(target), { length: 3, version: 1 })
  t.strictSame(segment.readIntoSync(target), { length: 3, version: 1 })
  t.equal(target[2], 99)
})
