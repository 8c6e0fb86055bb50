'use strict'

// Memory that is taken away while a pool thread reads or writes it. The caller was told to leave it alone: the bytes may
// be any, but the process must not crash.

const t = require('tap')
const { run } = require('../helpers/run')
const { withSegment } = require('../helpers/segment')

const LENGTH = 32 * 1024 * 1024
const take = {
  async write (shm, key, length) {
    const segment = await shm.open(key)
    for (let i = 0; i < 20; i++) {
      const buffer = new ArrayBuffer(length)
      const written = segment.write(buffer)
      await new Promise(resolve => process.nextTick(resolve))
      structuredClone(buffer, { transfer: [buffer] })
      global.gc()
      await written.catch(() => {})
    }
    return 'alive'
  },
  async readInto (shm, key, length) {
    const segment = await shm.open(key)
    for (let i = 0; i < 20; i++) {
      const buffer = new ArrayBuffer(length)
      const copied = segment.readInto(buffer)
      await new Promise(resolve => process.nextTick(resolve))
      structuredClone(buffer, { transfer: [buffer] })
      global.gc()
      await copied.catch(() => {})
    }
    return 'alive'
  },
  async resize (shm, key, length) {
    const segment = await shm.open(key)
    for (let i = 0; i < 20; i++) {
      const buffer = new ArrayBuffer(length, { maxByteLength: length })
      const calls = [segment.write(buffer), segment.write(new Uint8Array(buffer)), segment.readInto(buffer)]
      await new Promise(resolve => process.nextTick(resolve))
      buffer.resize(0)
      global.gc()
      await Promise.allSettled(calls)
    }
    return 'alive'
  },
  async lie (shm, key, length) {
    const segment = await shm.open(key)
    for (let i = 0; i < 3; i++) {
      const buffer = Object.defineProperty(new ArrayBuffer(length, { maxByteLength: length }), 'resizable', { value: false })
      const calls = [segment.write(buffer), segment.readInto(buffer)]
      await new Promise(resolve => process.nextTick(resolve))
      buffer.resize(0)
      await Promise.allSettled(calls)
    }
    return 'alive'
  },
  async transferOf (shm, key, length) {
    const segment = await shm.open(key)
    for (let i = 0; i < 3; i++) {
      const written = segment.write(new ArrayBuffer(length), { transfer: true })
      const buffer = new ArrayBuffer(length)
      const also = segment.readInto(buffer)
      await new Promise(resolve => process.nextTick(resolve))
      // Node.js 21 and later.
      buffer.transfer?.(i * 1000)
      global.gc()
      await Promise.all([written, also])
    }
    return 'alive'
  },
  async postMessage (shm, key, length) {
    const segment = await shm.open(key)
    const { port1, port2 } = new MessageChannel()
    port2.onmessage = () => {}
    for (let i = 0; i < 3; i++) {
      const buffers = [new ArrayBuffer(length), new ArrayBuffer(length)]
      const calls = [segment.write(buffers[0]), segment.readInto(buffers[1])]
      await new Promise(resolve => process.nextTick(resolve))
      port1.postMessage(null, buffers)
      await Promise.all(calls)
      global.gc()
    }
    port1.close()
    return 'alive'
  },
  async grow (shm, key, length) {
    const segment = await shm.open(key)
    const page = 65536
    for (let i = 0; i < 3; i++) {
      const memories = [new WebAssembly.Memory({ initial: length / page }), new WebAssembly.Memory({ initial: length / page, maximum: length / page + 10 })]
      const shared = new SharedArrayBuffer(length, { maxByteLength: length + page })
      const calls = [shared, ...memories.map(({ buffer }) => buffer)].flatMap(buffer => [segment.write(buffer), segment.readInto(buffer), segment.write(new Uint8Array(buffer, 8))])
      if (i % 2 === 1) shared.grow(length + page)
      await new Promise(resolve => process.nextTick(resolve))
      for (const memory of memories) memory.grow(1)
      if (i % 2 === 0) shared.grow(length + page)
      global.gc()
      const settled = await Promise.allSettled(calls)
      if (settled.slice(0, 3).some(({ status }) => status === 'rejected')) return settled[0].reason?.message ?? settled[1].reason?.message
    }
    return 'alive'
  },
  async change (shm, key, length) {
    const segment = await shm.open(key)
    const buffer = Buffer.alloc(length, 1)
    const written = segment.write(buffer)
    buffer.fill(2)
    await written
    const value = await segment.read()
    return value.every(byte => byte === 1 || byte === 2) ? 'alive' : 'strange bytes'
  }
}

for (const [name, fn] of Object.entries(take)) {
  t.test(name, async t => {
    const segment = await withSegment(t, { capacity: LENGTH })
    await segment.write(Buffer.alloc(LENGTH, 3))
    const source = `async function (...given) { return (${String(fn).replace(/^async \w+/, 'async function')})(...given) }`
    const end = await run(source, [segment.key, LENGTH], { execArgv: ['--expose-gc'] }).catch(({ signal, message }) => signal ?? message)
    t.equal(end, 'alive')
    t.type(await segment.write('and the segment too'), 'number')
  })
}

t.test('memory that is gone before a pool thread has begun', async t => {
  const segment = await withSegment(t, { capacity: LENGTH })
  await segment.write('the value')
  const error = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }
  const buffer = new ArrayBuffer(LENGTH)
  const written = segment.write(buffer)
  structuredClone(buffer, { transfer: [buffer] })
  await t.rejects(written, error)
  const target = new ArrayBuffer(LENGTH)
  const copied = segment.readInto(target)
  structuredClone(target, { transfer: [target] })
  await t.rejects(copied, error)
  t.equal(String(await segment.read()), 'the value')
})
