'use strict'

// The mapped bytes of raw segments: no copy, and never memory that is gone.

const t = require('tap')
const { randomFill } = require('node:crypto')
const { setFlagsFromString } = require('node:v8')
const { promisify } = require('node:util')
const { runInNewContext } = require('node:vm')
const { MessageChannel, Worker } = require('node:worker_threads')
const { setTimeout: sleep } = require('node:timers/promises')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { peek, poke, removeSegment } = require('../helpers/raw')
const { fakeSegment } = require('../helpers/fake-handle')
const { RawSegment } = require('../../js/raw-segment')
const { another, attachesOf, withSegment } = require('../helpers/segment')

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')

const raw = (t, options) => withSegment(t, { layout: 'raw', ...options })

t.test('the bytes themselves', async t => {
  const segment = await raw(t, { capacity: 100 })
  const view = segment.view()
  t.type(view, Uint8Array)
  t.equal(view.length, 100)
  view[7] = 42
  t.strictSame(await peek(segment.id, 7, 1), Buffer.from([42]))
  t.equal((await segment.read())[7], 42)
  await poke(segment.id, 99, [9])
  t.equal(view[99], 9)
  await segment.write('text')
  t.equal(String(segment.view(Buffer, 0, 4)), 'text')
})

t.test('of all classes, at offsets', async t => {
  const segment = await raw(t, { capacity: 100 })
  for (const Type of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array, Buffer, DataView]) {
    const bytes = Type.BYTES_PER_ELEMENT ?? 1
    const all = segment.view(Type)
    t.ok(all instanceof Type, Type.name)
    t.equal(all.byteLength, Math.floor(100 / bytes) * bytes)
    const one = segment.view(Type, 8, 1)
    t.match(one, { byteOffset: 8, byteLength: bytes })
    t.equal(segment.view(Type, 16).byteLength, Math.floor(84 / bytes) * bytes)
    t.equal(segment.view(Type, 96, 0).byteLength, 0)
  }
  t.equal(segment.view(Buffer).buffer, segment.view(Float64Array).buffer, 'one ArrayBuffer')
  class Words extends Uint32Array {}
  t.ok(segment.view(Words) instanceof Words)
})

t.test('nothing outside of it', async t => {
  const segment = await raw(t, { capacity: 100 })
  const RANGE = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }
  for (const args of [[Uint8Array, -1], [Uint8Array, 101], [Uint8Array, 0, 101], [Uint8Array, 50, 51], [Uint8Array, 0, -1], [Uint8Array, 0, 1.5], [Uint8Array, NaN], [Int32Array, 2], [Float64Array, 96, 1], [DataView, 0, 101], [Buffer, 0, Infinity], [Uint8Array, 2 ** 53]]) {
    t.throws(() => segment.view(...args), RANGE, args.map(String).join().slice(0, 40))
  }
  for (const type of [null, 5, 'Uint8Array', {}, Array, ArrayBuffer, SharedArrayBuffer, () => {}]) {
    t.throws(() => segment.view(type), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }, String(type).slice(0, 40))
  }
  t.throws(() => segment.view(Uint8Array, '0'), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test('empty after close, also while calls are under way', async t => {
  const segment = await raw(t, { capacity: 1 << 20 })
  const views = [segment.view(), segment.view(Float64Array), segment.view(Buffer, 8, 8)]
  const data = segment.view(DataView)
  const settled = Promise.allSettled([segment.write(Buffer.alloc(1 << 20, 1)), segment.read(), segment.readInto(Buffer.alloc(1 << 20))])
  await segment.close()
  t.ok((await settled).every(({ status }) => status === 'fulfilled'))
  for (const view of views) {
    t.equal(view.length, 0)
    t.equal(view[0], undefined)
    view[0] = 1
    t.throws(() => view.fill(1), TypeError)
  }
  t.equal(views[0].buffer.byteLength, 0)
  t.throws(() => data.getInt8(0), TypeError)
  t.throws(() => segment.view(), { code: 'ERR_SHM_CLOSED' })
})

t.test('each handle has its own; what one closes stays with the others', async t => {
  const segment = await raw(t)
  const other = await another(t, segment.key, { layout: 'raw' })
  const [mine, theirs] = [segment.view(), other.view()]
  t.not(mine.buffer, theirs.buffer)
  mine[0] = 1
  t.equal(theirs[0], 1)
  await segment.close()
  t.equal(mine.length, 0)
  theirs[1] = 2
  t.equal(String(await other.read({ length: 2 })), '\x01\x02')
})

t.test('a thousand handles, views and closes leave nothing attached', async t => {
  const segment = await raw(t)
  for (let i = 0; i < 1000; i++) {
    const other = await shm.open(segment.key, { layout: 'raw' })
    other.view()[0] = i
    const closing = other.close()
    if (i % 10 === 0) await closing
    if (i % 100 === 0) gc()
  }
  while ((await segment.stat()).attached > 1) await sleep(5)
  t.equal(await attachesOf(segment, 1), 1)
})

t.test('views outlive a handle that was collected, and no more', async t => {
  const segment = await raw(t)
  let view = (await shm.open(segment.key, { layout: 'raw' })).view()
  for (let i = 0; i < 10; i++) {
    gc()
    await sleep(2)
    view[i] = i + 1
  }
  t.equal(String(await segment.read({ length: 3 })), '\x01\x02\x03')
  view = null
  while ((await segment.stat()).attached > 1) {
    gc()
    await sleep(5)
  }
  t.pass('both attaches are gone')
})

t.test('of a segment that was removed', async t => {
  const segment = await raw(t)
  const view = segment.view()
  removeSegment(segment.id)
  view[0] = 1
  t.equal(view[0], 1, 'the bytes stay as long as somebody is attached')
  await t.rejects(segment.read(), { code: 'ERR_SHM_DESTROYED' })
  await segment.close()
  t.equal(view.length, 0)
  t.notOk(kernel.segments().some(({ shmid }) => shmid === segment.id))
})

t.test('destroyed', async t => {
  const segment = await raw(t)
  const view = segment.view()
  await segment.destroy()
  t.equal(view.length, 0)
})

t.test('as source and target of calls of another segment that outlast it', async t => {
  const length = 4 << 20
  const other = await raw(t, { capacity: length })
  for (let i = 0; i < 5; i++) {
    const segment = await shm.open(shm.PRIVATE, { layout: 'raw', capacity: length, semaphore: `/shmnode-t-${other.key}` })
    segment.view().fill(i + 1)
    const calls = [other.write(segment.view()), other.readInto(segment.view(Buffer, 0, length))]
    await new Promise(resolve => process.nextTick(resolve))
    await segment.destroy()
    gc()
    const settled = await Promise.allSettled(calls)
    for (const { status, reason } of settled) t.ok(status === 'fulfilled' || reason instanceof TypeError, String(reason))
  }
  require('node:fs').rmSync(`/dev/shm/sem.shmnode-t-${other.key}`)
})

t.test('where Node.js works on a view as it is closed', async t => {
  for (let i = 0; i < 3; i++) {
    const segment = await raw(t, { capacity: 16 << 20 })
    const view = segment.view()
    const filled = promisify(randomFill)(view)
    await segment.close()
    t.equal(kernel.segments().find(({ shmid }) => shmid === segment.id).nattch, 0, 'nobody waits for it')
    t.equal(await filled, view)
    t.equal(view.length, 0)
  }
})

t.test('written to its own segment, where it overlaps', async t => {
  const length = 100_000
  const segment = await raw(t, { capacity: 2 * length })
  const other = await another(t, segment.key, { layout: 'raw', inlineLimit: length })
  const numbers = Buffer.from(Uint32Array.from({ length: length / 4 }, (_, i) => i).buffer)
  const ways = [(view, offset) => segment.write(view, { offset }), (view, offset) => other.write(view, { offset }), (view, offset) => segment.writeSync(view, { offset })]
  for (const write of ways) {
    await segment.write(numbers)
    await write(segment.view(Uint8Array, 0, length), 3)
    t.ok(numbers.equals(await segment.read({ offset: 3, length })))
  }
})

t.test('a buffer that was given away is not that of the next view', async t => {
  const segment = await raw(t)
  segment.view()[8] = 42
  const stream = new ReadableStream({ type: 'bytes', pull: controller => controller.byobRequest.respond(1) })
  const { value } = await stream.getReader({ mode: 'byob' }).read(segment.view(Uint8Array, 8, 8))
  t.equal(segment.view()[8], 42)
  segment.view()[8] = 43
  t.equal(value[0], 43, 'its new owner has the segment still')
  await segment.close()
  t.equal(value[0], 43)
})

t.test('the memory cannot be given away', async t => {
  const segment = await raw(t)
  const view = segment.view()
  view[0] = 42
  const { port1, port2 } = new MessageChannel()
  t.teardown(() => port1.close())
  for (const give of [() => structuredClone(view, { transfer: [view.buffer] }), () => port2.postMessage(view, [view.buffer])]) {
    try {
      give()
    } catch (error) {
      t.equal(error.name, 'DataCloneError')
    }
    t.equal(view.length, 2048, 'copied or refused: releases of Node.js differ')
  }
  await t.rejects(segment.write(view, { transfer: true }), { code: 'ERR_INVALID_ARG_VALUE' })
  t.equal(view[0], 42)
})

t.test('Atomics', async t => {
  const segment = await raw(t)
  const words = segment.view(Int32Array)
  Atomics.add(words, 3, 5)
  t.equal(Atomics.load(words, 3), 5)
  t.equal((await peek(segment.id, 12, 4)).readInt32LE(), 5)
})

const WORKER = `
  const { parentPort, workerData: { shmnode, key, mine } } = require('node:worker_threads')
  const shm = require(shmnode)
  shm.open(key, { layout: 'raw', timeout: Infinity }).then(async segment => {
    const words = segment.view(Int32Array)
    for (let i = 0; i < 1000; i++) Atomics.add(words, mine, 1)
    for (let i = 0; i < 100; i++) await segment.withLock(() => { segment.view(Int32Array)[0]++ }, { timeout: Infinity })
    parentPort.postMessage('done')
    for (;;) await Promise.all([segment.write(segment.view(Uint8Array, 1 << 19), { offset: 1 << 19 }), segment.readInto(segment.view(Uint8Array, 1 << 19), { offset: 0, length: 1 << 19 })])
  })`

t.test('in eight worker threads, which end in the middle', async t => {
  const segment = await raw(t, { capacity: 1 << 20 })
  const workers = Array.from({ length: 8 }, (_, i) =>
    new Worker(WORKER, { eval: true, workerData: { shmnode: require.resolve('../..'), key: segment.key, mine: i % 2 + 1 } }))
  await Promise.all(workers.map(worker => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))))
  t.strictSame([...segment.view(Int32Array, 0, 3)], [800, 4000, 4000])
  for (const worker of workers) {
    await sleep(Math.random() * 10)
    await worker.terminate()
    segment.view()[12] = 1
  }
  t.equal(await attachesOf(segment, 2), 2, 'nothing of theirs is left')
  await segment.write('the main thread goes on')
})

t.test('where the platform forbids it', t => {
  const { handle } = fakeSegment()
  handle.describe = () => ({ id: 1, key: 2, capacity: 8, readOnly: false, isPosix: false, semaphoreId: 3 })
  handle.buffer = () => ({ code: 'UNSUPPORTED', reason: 'no external buffers', number: 0 })
  const { OPENING } = require('../../js/segment')
  const segment = new RawSegment(OPENING, { handle, facts: new Float64Array(8), context: { label: 'fake segment' }, maxPending: 1, inlineLimit: 0 })
  t.throws(() => segment.view(), { name: 'ShmError', code: 'ERR_SHM_UNSUPPORTED', message: /no ArrayBuffers over memory that is not its own/ })
  t.end()
})
