'use strict'

// write(data, { transfer: true }): the memory is given away for good.

const t = require('tap')
const shm = require('../..')
const { hold } = require('../helpers/peer')
const { withSegment } = require('../helpers/segment')

const VALUE = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }
const TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
const MIB = 1024 * 1024
const filled = (length, options) => {
  const buffer = new ArrayBuffer(length, options)
  new Uint8Array(buffer).fill(7)
  return buffer
}
const wholes = {
  ArrayBuffer: buffer => buffer,
  Buffer: buffer => Buffer.from(buffer),
  Uint8Array: buffer => new Uint8Array(buffer),
  Float64Array: buffer => new Float64Array(buffer),
  DataView: buffer => new DataView(buffer)
}

for (const [name, view] of Object.entries(wholes)) {
  t.test(name, async t => {
    const segment = await withSegment(t, { capacity: MIB })
    for (const length of [0, 8, MIB]) {
      for (const buffer of [filled(length), filled(length, { maxByteLength: MIB })]) {
        const data = view(buffer)
        const written = segment.write(data, { transfer: true })
        t.equal(data.buffer?.byteLength ?? data.byteLength, 0, 'detached at once')
        t.throws(() => new Uint8Array(buffer), TypeError)
        t.type(await written, 'number')
        t.ok((await segment.read()).equals(Buffer.alloc(length, 7)), `${length} bytes`)
      }
    }
  })
}

t.test('a result of read()', async t => {
  const segment = await withSegment(t, { capacity: MIB })
  await segment.write(filled(MIB))
  const result = await segment.read()
  t.equal(await segment.write(result, { transfer: true }), 2)
  t.equal(result.length, 0)
  t.ok((await segment.read()).equals(Buffer.alloc(MIB, 7)))
})

t.test('update', async t => {
  const segment = await withSegment(t)
  const data = filled(8)
  t.equal(await segment.update(() => data, { transfer: true }), 1)
  t.equal(data.byteLength, 0)
})

t.test('also where calls are tried on this thread', async t => {
  const segment = await withSegment(t, { inlineLimit: Infinity })
  const data = filled(8)
  await segment.write(data, { transfer: true })
  t.equal(data.byteLength, 0)
})

t.test('what cannot be given away is left as it is', async t => {
  const segment = await withSegment(t, { capacity: 2 * MIB })
  const shared = new SharedArrayBuffer(8)
  const part = filled(16)
  const wasm = new WebAssembly.Memory({ initial: 1 })
  const refused = ['text', '', shared, new Uint8Array(shared), new Uint8Array(part, 8), new Uint8Array(part, 0, 8), new DataView(part, 1), wasm.buffer, new Uint8Array(wasm.buffer), Buffer.from('pooled')]
  for (const data of refused) {
    const length = data.byteLength
    await t.rejects(segment.write(data, { transfer: true }), VALUE)
    await t.rejects(segment.update(() => data, { transfer: true }), VALUE)
    t.equal(data.byteLength, length)
  }
  const gone = filled(8)
  structuredClone(gone, { transfer: [gone] })
  await t.rejects(segment.write(gone, { transfer: true }), VALUE)
  await t.rejects(segment.write(5, { transfer: true }), TYPE)
  await t.rejects(segment.write(filled(8), { transfer: 'yes' }), TYPE)
  t.throws(() => segment.writeSync(filled(8), { transfer: true }), VALUE)
  t.equal(segment.version, 0)
})

t.test('what is refused for another reason stays with the caller', async t => {
  const segment = await withSegment(t, { maxPending: 1 })
  const reader = await shm.open(segment.key, { readOnly: true })
  const data = filled(8)
  await t.rejects(reader.write(data, { transfer: true }), { code: 'ERR_SHM_READ_ONLY' })
  await reader.close()
  await t.rejects(reader.write(data, { transfer: true }), { code: 'ERR_SHM_READ_ONLY' })
  await t.rejects(segment.write(data, { transfer: true, ifVersion: -1 }), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(segment.write(data, { transfer: true, signal: AbortSignal.abort() }), { name: 'AbortError' })
  const first = segment.read()
  await t.rejects(segment.write(data, { transfer: true }), { code: 'ERR_SHM_QUEUE_FULL' })
  await first
  const large = filled(4096)
  await t.rejects(segment.write(large, { transfer: true }), { code: 'ERR_SHM_TOO_LARGE' })
  t.strictSame([data.byteLength, large.byteLength], [8, 4096])
  await segment.close()
  await t.rejects(segment.write(data, { transfer: true }), { code: 'ERR_SHM_CLOSED' })
  t.equal(data.byteLength, 8)
})

t.test('it may wait for long', async t => {
  const segment = await withSegment(t, { capacity: MIB })
  const holder = await hold(t, segment.key)
  const written = segment.write(filled(MIB), { transfer: true, timeout: Infinity })
  const late = t.rejects(segment.write(filled(MIB), { transfer: true, timeout: 100 }), { code: 'ERR_SHM_TIMEOUT' })
  await late
  await holder.kill()
  await written
  t.ok((await segment.read()).equals(Buffer.alloc(MIB, 7)))
})
