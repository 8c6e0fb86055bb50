'use strict'

const t = require('tap')
const { bytesToWrite, bytesToWriteNow, viewOf } = require('../../js/bytes')

const LIMIT = 64 * 1024

t.test('small data is copied, large data is not', t => {
  for (const [length, copied] of [[1, true], [LIMIT, true], [LIMIT + 1, false]]) {
    const data = new Uint8Array(length)
    t.equal(bytesToWrite(data).buffer !== data.buffer, copied, `${length} bytes`)
    t.equal(bytesToWrite(data.buffer).buffer !== data.buffer, copied)
    t.equal(bytesToWriteNow(data).buffer, data.buffer, 'not at all where nobody waits')
  }
  t.end()
})

t.test('resizable memory is always copied', t => {
  const buffer = new ArrayBuffer(LIMIT * 2, { maxByteLength: LIMIT * 4 })
  t.not(bytesToWrite(buffer).buffer, buffer)
  t.not(bytesToWrite(new DataView(buffer, 5)).buffer, buffer)
  t.equal(bytesToWrite(new DataView(buffer, 5)).length, LIMIT * 2 - 5)
  t.end()
})

t.test('a view of the same memory', t => {
  const buffer = new ArrayBuffer(100)
  for (const view of [new Uint16Array(buffer, 10, 20), new DataView(buffer, 10, 40), Buffer.from(buffer, 10, 40)]) {
    const { buffer: memory, byteOffset, length } = viewOf(view, 'target')
    t.equal(memory, buffer)
    t.strictSame({ byteOffset, length }, { byteOffset: 10, length: 40 })
  }
  t.end()
})

t.test('a view that tracks the length of its buffer', t => {
  const buffer = new ArrayBuffer(10, { maxByteLength: 100 })
  const views = [new Uint8Array(buffer), new DataView(buffer)]
  buffer.resize(30)
  for (const view of views) t.equal(viewOf(view, 'target').length, 30)
  buffer.resize(0)
  for (const view of views) t.equal(viewOf(view, 'target').length, 0, 'at its end it is empty, not out of bounds')
  const growing = new SharedArrayBuffer(10, { maxByteLength: 100 })
  growing.grow(20)
  t.equal(bytesToWrite(new Uint8Array(growing)).length, 20)
  t.end()
})

t.test('subclasses and lies', t => {
  class Liar extends Uint8Array {
    static get [Symbol.species] () { throw new Error('species') }
    get buffer () { return new ArrayBuffer(1000) }
    get byteOffset () { return 500 }
    get length () { return 400 }
    get byteLength () { return 400 }
    get [Symbol.toStringTag] () { return 'Float64Array' }
  }
  const bytes = bytesToWrite(new Liar([1, 2, 3]))
  t.strictSame([...bytes], [1, 2, 3])
  t.end()
})
