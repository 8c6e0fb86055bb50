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
