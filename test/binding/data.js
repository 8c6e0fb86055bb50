'use strict'

// What may be written: bytes of all kinds, and nothing else.

const t = require('tap')
const { withSegment } = require('../helpers/segment')

const TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
const VALUE = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }
const BYTES = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8])

function detached () {
  const buffer = new ArrayBuffer(8)
  structuredClone(buffer, { transfer: [buffer] })
  return buffer
}

function viewOnDetached (View) {
  const buffer = new ArrayBuffer(16)
  const view = new View(buffer, 8)
  structuredClone(buffer, { transfer: [buffer] })
  return view
}

function outOfBounds (View) {
  const buffer = new ArrayBuffer(16, { maxByteLength: 64 })
  const view = new View(buffer, 8, 1)
  buffer.resize(4)
  return view
}

const shared = () => {
  const buffer = new SharedArrayBuffer(8)
  new Uint8Array(buffer).set(BYTES)
  return buffer
}

function resizable (length = 8) {
  const buffer = new ArrayBuffer(length, { maxByteLength: 1024 * 1024 })
  new Uint8Array(buffer).fill(7)
  return buffer
}

function lying () {
  const array = Uint8Array.from(BYTES)
  for (const name of ['length', 'byteLength', 'byteOffset']) Object.defineProperty(array, name, { value: 3 })
  Object.defineProperty(array, 'buffer', { value: new ArrayBuffer(99) })
  return array
}

class Huge extends Uint8Array {
  get length () { return 2 ** 40 }
  get byteLength () { return 2 ** 40 }
}

/** By the four calls that write. */
async function writesAs (t, segment, make, expected, message) {
  const written = [
    () => segment.write(make()),
    () => segment.writeSync(make()),
    () => segment.update(() => make()),
    () => segment.update(async () => make())
  ]
  for (const write of written) {
    await segment.write('something else')
    await write()
    t.strictSame(await segment.read(), Buffer.from(expected), message)
  }
}

async function refuses (t, segment, make, error, message) {
  await t.rejects(segment.write(make()), error, message)
  t.throws(() => segment.writeSync(make()), error, message)
  await t.rejects(segment.update(() => make()), error, message)
}

t.test('bytes of all kinds', async t => {
  const segment = await withSegment(t)
  const copy = () => Uint8Array.from(BYTES)
  await writesAs(t, segment, () => Buffer.from(BYTES), BYTES, 'Buffer')
  await writesAs(t, segment, copy, BYTES, 'Uint8Array')
  await writesAs(t, segment, () => copy().subarray(2, 5), BYTES.subarray(2, 5), 'part of a Uint8Array')
  await writesAs(t, segment, () => copy().buffer, BYTES, 'ArrayBuffer')
  await writesAs(t, segment, () => new DataView(copy().buffer, 1, 4), BYTES.subarray(1, 5), 'DataView')
  await writesAs(t, segment, () => new Float64Array(copy().buffer), BYTES, 'Float64Array')
  await writesAs(t, segment, () => new Uint16Array(copy().buffer, 2, 2), BYTES.subarray(2, 6), 'Uint16Array')
  await writesAs(t, segment, () => new BigInt64Array(copy().buffer), BYTES, 'BigInt64Array')
  await writesAs(t, segment, () => new Uint8ClampedArray(BYTES), BYTES, 'Uint8ClampedArray')
  await writesAs(t, segment, shared, BYTES, 'SharedArrayBuffer')
  await writesAs(t, segment, () => new Uint8Array(shared(), 3), BYTES.subarray(3), 'view on a SharedArrayBuffer')
  await writesAs(t, segment, () => new DataView(shared(), 3), BYTES.subarray(3), 'DataView on a SharedArrayBuffer')
  await writesAs(t, segment, resizable, Buffer.alloc(8, 7), 'resizable ArrayBuffer')
  await writesAs(t, segment, () => new Uint8Array(resizable(), 2), Buffer.alloc(6, 7), 'view on one')
})

t.test('strings are UTF-8', async t => {
  const segment = await withSegment(t)
  await writesAs(t, segment, () => 'grüße 😀', Buffer.from('grüße 😀'), 'text')
  await writesAs(t, segment, () => '\0', [0], 'NUL')
  await writesAs(t, segment, () => 'a\ud800b\udfff', Buffer.from('a\ufffdb\ufffd'), 'unpaired surrogates become U+FFFD')
})

t.test('nothing is a value too', async t => {
  const segment = await withSegment(t)
  for (const make of [() => '', () => Buffer.alloc(0), () => new ArrayBuffer(0), () => new DataView(new ArrayBuffer(8), 8), () => new SharedArrayBuffer(0), () => new Float64Array(0), () => resizable(0)]) {
    await writesAs(t, segment, make, [], 'empty')
  }
})

t.test('lengths come from the object, not from its properties', async t => {
  const segment = await withSegment(t)
  await writesAs(t, segment, lying, BYTES, 'own properties')
  await writesAs(t, segment, () => new Huge(BYTES), BYTES, 'getters of a subclass')
})

t.test('what is not bytes', async t => {
  const segment = await withSegment(t)
  await segment.write('intact')
  const values = [null, 5, true, 5n, Symbol('x'), {}, [1, 2], () => {}, new Date(), new Proxy(Buffer.from('x'), {}), Object.create(Uint8Array.prototype), { length: 1, 0: 1 }, new Set(), Promise]
  for (const value of values) await refuses(t, segment, () => value, TYPE, String(typeof value))
  await t.rejects(segment.write(), TYPE)
  t.throws(() => segment.writeSync(), TYPE)
  t.equal(String(await segment.read()), 'intact')
  t.equal(segment.version, 1)
})

t.test('what is gone', async t => {
  const segment = await withSegment(t)
  await refuses(t, segment, detached, VALUE, 'detached ArrayBuffer')
  for (const View of [Uint8Array, Float64Array, DataView]) {
    await refuses(t, segment, () => viewOnDetached(View), VALUE, `${View.name} on one`)
    await refuses(t, segment, () => outOfBounds(View), VALUE, `${View.name} out of bounds`)
  }
  t.equal(segment.version, 0)
})

t.test('options of a write', async t => {
  const segment = await withSegment(t)
  const RANGE = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }
  const bad = [
    [{ timeout: -1 }, RANGE], [{ timeout: NaN }, RANGE], [{ timeout: '5' }, TYPE],
    [{ ifVersion: -1 }, RANGE], [{ ifVersion: 1.5 }, RANGE], [{ ifVersion: NaN }, RANGE], [{ ifVersion: 2 ** 53 }, RANGE], [{ ifVersion: '1' }, TYPE], [{ ifVersion: null }, TYPE],
    [{ mediaType: '' }, VALUE], [{ mediaType: 'x'.repeat(64) }, VALUE], [{ mediaType: 'a\n' }, VALUE], [{ mediaType: 'ü' }, VALUE], [{ mediaType: 'a\0' }, VALUE], [{ mediaType: 5 }, TYPE], [{ mediaType: null }, TYPE],
    [null, TYPE], ['x', TYPE]
  ]
  for (const [options, error] of bad) {
    await t.rejects(segment.write('x', options), error)
    t.throws(() => segment.writeSync('x', options), error)
    if (options?.ifVersion === undefined) await t.rejects(segment.update(() => 'x', options), error)
  }
  t.equal(await segment.write('x', { timeout: Infinity, mediaType: 'x'.repeat(63), ifVersion: segment.version }), segment.version)
})

t.test('small data is copied at the call', async t => {
  const segment = await withSegment(t, { capacity: 65536 })
  for (const length of [1, 100, 65536]) {
    const data = Buffer.alloc(length, 1)
    const written = segment.write(data)
    data.fill(2)
    await written
    t.strictSame(await segment.read(), Buffer.alloc(length, 1), `${length} bytes`)
  }
})

t.test('a resizable buffer is copied at the call, however large', async t => {
  const segment = await withSegment(t, { capacity: 1024 * 1024 })
  const buffer = resizable(512 * 1024)
  const written = segment.write(buffer)
  buffer.resize(0)
  await written
  t.strictSame(await segment.read(), Buffer.alloc(512 * 1024, 7))
})
