'use strict'

// Raw segments: bytes as other programs use them.

const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { uniqueKey } = require('../helpers/keys')
const { systemVOnly } = require('../helpers/memory')
const { holdRaw, peer } = require('../helpers/peer')
const { peek, poke, removeSegment, removeSet } = require('../helpers/raw')
const { another, reservedKey, withSegment } = require('../helpers/segment')

const raw = (t, options) => withSegment(t, { layout: 'raw', ...options })
const text = (t, options) => raw(t, { nulTerminated: true, ...options })
const zeros = length => Buffer.alloc(length)

t.test('bytes at offsets', async t => {
  const segment = await raw(t, { capacity: 100 })
  t.match(segment, { capacity: 100, layout: 'raw', name: null, incarnation: null, nulTerminated: false, readOnly: false })
  t.strictSame(await segment.read(), zeros(100))
  t.equal(await segment.write('abc'), undefined)
  await segment.write(Uint8Array.of(1, 2, 3), { offset: 97 })
  t.strictSame(await peek(segment.id, 0, 5), Buffer.from('abc\0\0'))
  t.strictSame(await peek(segment.id, 95, 5), Buffer.from([0, 0, 1, 2, 3]))
  await poke(segment.id, 1, '!')
  t.equal(String(await segment.read({ offset: 0, length: 3 })), 'a!c')
  t.strictSame(await segment.read({ offset: 98 }), Buffer.from([2, 3]))
  t.strictSame(await segment.read({ offset: 98, length: 50 }), Buffer.from([2, 3]), 'cut at the end')
  t.strictSame(await segment.read({ offset: 100 }), zeros(0))
  t.strictSame(await segment.read({ offset: Number.MAX_SAFE_INTEGER }), zeros(0))
  t.equal((await segment.read()).length, 100)
})

t.test('text', async t => {
  const segment = await text(t, { capacity: 64 })
  t.equal(String(await segment.read()), '')
  await segment.write('a longer text')
  await segment.write('short')
  t.strictSame(await peek(segment.id, 0, 64), Buffer.concat([Buffer.from('short'), zeros(59)]), 'no tail is left')
  await poke(segment.id, 6, 'hidden')
  t.equal(String(await segment.read()), 'short', 'cut at the first NUL')
  t.equal(String(await segment.read({ offset: 1, length: 2 })), 'ho')
  t.equal(String(await segment.read({ offset: 6 })), '', 'nothing behind it')
  await segment.write('y!', { offset: 4 })
  t.equal(String(await segment.read()), 'shory!')
  t.equal((await peek(segment.id, 6, 58)).equals(zeros(58)), true)
  await poke(segment.id, 0, Buffer.alloc(64, 'x'))
  t.equal(String(await segment.read()), 'x'.repeat(64), 'without a NUL')
  t.equal(String(segment.readSync()), 'x'.repeat(64))
})

t.test('text has room for its NUL, and none inside', async t => {
  const segment = await text(t, { capacity: 8 })
  await segment.write('1234567')
  const TOO_LARGE = { code: 'ERR_SHM_TOO_LARGE', message: /8 bytes are more than the 7 of its capacity before the NUL/ }
  await t.rejects(segment.write('12345678'), TOO_LARGE)
  t.throws(() => segment.writeSync('12345678'), TOO_LARGE)
  for (const data of ['a\0b', Buffer.from([0, 1])]) {
    await t.rejects(segment.write(data), { code: 'ERR_SHM_UNSUPPORTED', message: /NUL/ })
    t.throws(() => segment.writeSync(data), { code: 'ERR_SHM_UNSUPPORTED' })
  }
  t.equal(String(await segment.read()), '1234567', 'as it was')
  await segment.write('ab\0\0')
  t.equal(String(await segment.read()), 'ab')
})

t.test('a text of more than a hint looks at', async t => {
  const capacity = 300_000
  const segment = await text(t, { capacity })
  const other = await another(t, segment.key, { layout: 'raw', nulTerminated: true, inlineLimit: Infinity })
  for (const length of [65_535, 65_536, 65_537, 200_000, 299_999]) {
    const value = Buffer.alloc(length, String(length))
    await segment.write(value)
    t.ok((await segment.read()).equals(value), `${length} bytes`)
    t.ok((await segment.read({ offset: 5 })).equals(value.subarray(5)))
    t.ok(segment.readSync().equals(value))
    t.ok((await other.read()).equals(value))
    const reads = await Promise.all(Array.from({ length: 5 }, () => segment.read()))
    t.ok(reads.every(read => read.equals(value)))
  }
})

t.test('nothing outside of it', async t => {
  const segment = await raw(t, { capacity: 100 })
  const before = await peek(segment.id, 0, 100)
  for (const [offset, length] of [[0, 101], [100, 1], [101, 0], [50, 51], [Number.MAX_SAFE_INTEGER, 1], [Number.MAX_SAFE_INTEGER, 0]]) {
    const TOO_LARGE = { code: 'ERR_SHM_TOO_LARGE' }
    await t.rejects(segment.write(Buffer.alloc(length, 1), { offset }), TOO_LARGE, `${length} at ${offset}`)
    t.throws(() => segment.writeSync(Buffer.alloc(length, 1), { offset }), TOO_LARGE)
  }
  for (const offset of [-1, 1.5, NaN, 2 ** 53, Infinity]) {
    await t.rejects(segment.write('x', { offset }), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }, String(offset))
    await t.rejects(segment.read({ offset }), { code: 'ERR_OUT_OF_RANGE' })
    t.throws(() => segment.writeSync('x', { offset }), { code: 'ERR_OUT_OF_RANGE' })
  }
  await t.rejects(segment.write('x', { offset: '1' }), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  await segment.write('', { offset: 100 })
  t.ok((await peek(segment.id, 0, 100)).equals(before))
})

t.test('readInto', async t => {
  const segment = await raw(t, { capacity: 16 })
  await segment.write('0123456789abcdef')
  const target = Buffer.alloc(20, '.')
  t.strictSame(await segment.readInto(target), { length: 16 })
  t.equal(String(target), '0123456789abcdef....')
  t.strictSame(await segment.readInto(target, { offset: 10, length: 3 }), { length: 3 })
  t.equal(String(target), 'abc3456789abcdef....')
  t.strictSame(segment.readIntoSync(target, { offset: 14 }), { length: 2 })
  t.equal(String(target.subarray(0, 4)), 'efc3')
  const small = Buffer.alloc(15, '.')
  await t.rejects(segment.readInto(small), { code: 'ERR_SHM_TOO_LARGE', message: /16 bytes, more than the 15 of the target/ })
  t.throws(() => segment.readIntoSync(small), { code: 'ERR_SHM_TOO_LARGE' })
  t.equal(String(small), '.'.repeat(15))
  const words = new Uint16Array(2)
  t.strictSame(await segment.readInto(words, { offset: 0 }), { length: 4 })
  t.equal(words[1], 0x3332)
})

t.test('data of all kinds', async t => {
  const segment = await raw(t, { capacity: 1 << 20 })
  const bytes = Buffer.from('some data')
  const shared = new SharedArrayBuffer(9)
  Buffer.from(shared).set(bytes)
  const kinds = [bytes, 'some data', new Uint8Array(bytes), new DataView(Uint8Array.from(bytes).buffer), Uint8Array.from(bytes).buffer, shared]
  for (const data of kinds) {
    await segment.write(zeros(9))
    await segment.write(data)
    t.equal(String(await segment.read({ length: 9 })), 'some data')
    segment.writeSync(zeros(9))
    segment.writeSync(data)
    t.equal(String(segment.readSync({ length: 9 })), 'some data')
  }
  const large = Buffer.alloc(1 << 20, 'large')
  await segment.write(large)
  t.ok((await segment.read()).equals(large))
  const given = new ArrayBuffer(1 << 20)
  await segment.write(given, { transfer: true })
  t.equal(given.byteLength, 0)
  t.ok((await segment.read()).equals(zeros(1 << 20)))
  t.throws(() => segment.writeSync(new ArrayBuffer(1), { transfer: true }), { code: 'ERR_INVALID_ARG_VALUE' })
  for (const data of [undefined, null, 5, {}]) await t.rejects(segment.write(data), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test('calls of one turn travel together, in order', async t => {
  const segment = await text(t)
  await Promise.all(Array.from({ length: 500 }, (_, i) => segment.write(String(i))))
  t.equal(String(await segment.read()), '499')
  t.match(segment.stats().writes, { calls: 500, batches: 1, largestBatch: 500 })
  const reads = await Promise.all(Array.from({ length: 500 }, () => segment.read()))
  t.ok(reads.every(read => String(read) === '499'))
  reads[0].fill(0)
  t.equal(String(reads[1]), '499', 'each has bytes of his own')
  t.match(segment.stats().reads, { calls: 501, largestBatch: 500 })
})

t.test('one that fails leaves the others of its batch alone', async t => {
  const segment = await text(t)
  const settled = await Promise.allSettled([segment.write('one'), segment.write('a\0b'), segment.write('two')])
  t.strictSame(settled.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled'])
  t.equal(String(await segment.read()), 'two')
})

t.test('what it cannot do', async t => {
  const segment = await raw(t)
  const UNSUPPORTED = { name: 'ShmError', code: 'ERR_SHM_UNSUPPORTED', key: segment.key }
  t.throws(() => segment.version, UNSUPPORTED)
  t.throws(() => segment.watch(), UNSUPPORTED)
  await t.rejects(segment.update(() => 'x'), UNSUPPORTED)
  await t.rejects(segment.snapshot({ newerThan: 0 }), UNSUPPORTED)
  await t.rejects(segment.write('x', { ifVersion: 0 }), UNSUPPORTED)
  await t.rejects(segment.write('x', { mediaType: 'text/plain' }), UNSUPPORTED)
  t.throws(() => segment.writeSync('x', { ifVersion: 0 }), UNSUPPORTED)
  await t.rejects(shm.open(uniqueKey(), { layout: 'raw', checksum: true }), { code: 'ERR_SHM_UNSUPPORTED' })
  await t.rejects(shm.open(uniqueKey(), { layout: 'raw', slots: 2 }), { code: 'ERR_SHM_UNSUPPORTED' })
  t.strictSame(await segment.read({ length: 1 }), zeros(1), 'nothing was written')
  t.throws(() => new shm.RawSegment(), { name: 'TypeError' })
})

t.test('what a cell cannot do', async t => {
  const segment = await withSegment(t)
  const UNSUPPORTED = { name: 'ShmError', code: 'ERR_SHM_UNSUPPORTED', message: /only a raw segment/ }
  t.throws(() => segment.view(), UNSUPPORTED)
  await t.rejects(segment.write('x', { offset: 0 }), UNSUPPORTED)
  t.throws(() => segment.writeSync('x', { offset: 1 }), UNSUPPORTED)
  t.equal(segment.version, 0)
})

t.test('snapshots have no facts', async t => {
  const segment = await text(t)
  await segment.write('text')
  const expected = { data: Buffer.from('text'), version: null, committedAt: null, writerPid: null, mediaType: null }
  t.strictSame(await segment.snapshot(), expected)
  t.strictSame(segment.snapshotSync(), expected)
})

t.test('stat and list', systemVOnly, async t => {
  const segment = await raw(t, { capacity: 1234, mode: 0o640 })
  const facts = { id: segment.id, posix: false, key: segment.key, name: null, layout: 'raw', capacity: 1234, segmentBytes: 1234, mode: 0o640, uid: process.geteuid(), gid: process.getegid(), attached: 1, creatorPid: process.pid }
  t.strictSame(await segment.stat(), facts)
  const cell = await withSegment(t)
  const infos = await shm.list({ layout: 'raw' })
  t.strictSame(infos.find(({ id }) => id === segment.id), facts)
  t.notOk(infos.some(({ id }) => id === cell.id))
  t.notOk((await shm.list()).some(({ id }) => id === segment.id))
  t.ok((await shm.list({ layout: 'cell' })).some(({ id }) => id === cell.id))
  await t.rejects(shm.list({ layout: 'none' }), { code: 'ERR_INVALID_ARG_VALUE' })
})

t.test('destroy', async t => {
  const segment = await raw(t)
  const other = await another(t, segment.key, { layout: 'raw' })
  await segment.destroy()
  t.ok(kernel.isFree(segment.key))
  const DESTROYED = { code: 'ERR_SHM_DESTROYED' }
  await t.rejects(other.write('x'), DESTROYED)
  await t.rejects(other.read(), DESTROYED)
  await t.rejects(other.lock(), DESTROYED)
  t.throws(() => other.readSync(), DESTROYED)
  t.throws(() => other.writeSync('x'), DESTROYED)
  await t.rejects(other.stat(), DESTROYED)
  await t.rejects(segment.read(), { code: 'ERR_SHM_CLOSED' })
  const key = reservedKey(t, 'raw')
  await shm.open(key, { layout: 'raw' }).then(segment => segment.close())
  await t.rejects(shm.destroy(key), { code: 'ERR_SHM_LAYOUT' }, 'not as a cell')
  await shm.destroy(key, { layout: 'raw' })
  await t.rejects(shm.destroy(key, { layout: 'raw' }), { code: 'ERR_SHM_NOT_FOUND' })
  t.ok(kernel.isFree(key))
})

t.test('removed behind its back', async t => {
  const segment = await text(t)
  await segment.write('stays')
  removeSet(kernel.under(segment.key).sets[0].semid)
  await t.rejects(segment.write('x'), { code: 'ERR_SHM_DESTROYED', message: /lost its lock: open it again/ })
  await t.rejects(segment.read(), { code: 'ERR_SHM_DESTROYED' })
  const again = await another(t, segment.key, { layout: 'raw', nulTerminated: true })
  t.equal(String(await again.read()), 'stays')
  removeSegment(segment.id)
  await t.rejects(again.read(), { code: 'ERR_SHM_DESTROYED' })
  const anew = await another(t, segment.key, { layout: 'raw', nulTerminated: true })
  t.equal(String(await anew.read()), '')
  await t.rejects(again.write('x'), { code: 'ERR_SHM_DESTROYED' })
})

t.test('after close', async t => {
  const segment = await raw(t)
  const settled = await Promise.allSettled([segment.write('one'), segment.read(), segment.close()])
  t.strictSame(settled.map(({ status }) => status), Array(3).fill('fulfilled'), 'calls of the same turn finish')
  const CLOSED = { name: 'ShmError', code: 'ERR_SHM_CLOSED' }
  for (const call of [() => segment.read(), () => segment.readInto(zeros(9)), () => segment.snapshot(), () => segment.write('x'), () => segment.lock(), () => segment.stat(), () => segment.destroy()]) {
    await t.rejects(call(), CLOSED, String(call))
  }
  for (const call of [() => segment.readSync(), () => segment.readIntoSync(zeros(9), { length: 1 }), () => segment.writeSync('x'), () => segment.snapshotSync(), () => segment.view()]) {
    t.throws(call, CLOSED, String(call))
  }
  await segment[Symbol.asyncDispose]()
})

t.test('a holder of the lock', async t => {
  const segment = await raw(t)
  for (const how of ['exclusive', 'shared', 'gate']) {
    const { pid, ...holder } = await holdRaw(t, segment.key, how)
    const timeout = { code: 'ERR_SHM_TIMEOUT', holderPid: pid, message: new RegExp(`process ${pid} holds`) }
    await t.rejects(segment.write('x', { timeout: 60 }), timeout)
    await t.rejects(segment.write('x', { timeout: 0 }), timeout)
    t.throws(() => segment.writeSync('x'), { code: 'ERR_SHM_BUSY', holderPid: pid })
    await t.rejects(segment.destroy({ timeout: 30 }), timeout)
    if (how === 'shared') {
      t.equal((await segment.read()).length, 2048)
      t.equal(segment.readSync().length, 2048)
    } else {
      await t.rejects(segment.read({ timeout: 60 }), timeout)
      t.throws(() => segment.readSync(), { code: 'ERR_SHM_BUSY', holderPid: pid })
    }
    const waiting = segment.write('x', { timeout: Infinity })
    holder.process.kill('SIGKILL')
    await waiting
    await segment.read()
  }
})

t.test('calls that wait end by signal, close and a full queue', async t => {
  const segment = await raw(t, { maxPending: 4 })
  await holdRaw(t, segment.key)
  const controller = new AbortController()
  const { signal } = controller
  const target = zeros(2048)
  const waiting = [segment.read({ signal, timeout: Infinity }), segment.write('x', { signal, timeout: Infinity }), segment.readInto(target, { signal, timeout: Infinity }), segment.write(zeros(100_0), { signal, timeout: Infinity })]
  await t.rejects(segment.read(), { code: 'ERR_SHM_QUEUE_FULL' })
  const settled = Promise.allSettled(waiting)
  await sleep(20)
  controller.abort()
  for (const { reason } of await settled) t.match(reason, { name: 'AbortError' })
  t.equal(segment.stats().pending, 0)
  const lock = await segment.lock()
  const late = Promise.allSettled([segment.read({ timeout: Infinity }), segment.write('x', { timeout: Infinity }), segment.lock({ timeout: Infinity })])
  await sleep(120)
  await segment.close()
  for (const { reason } of await late) t.match(reason, { code: 'ERR_SHM_CLOSED' })
  t.equal(lock.held, false)
})

t.test('reads do not queue behind writes that wait', async t => {
  const segment = await text(t)
  await segment.write('before')
  const holder = await holdRaw(t, segment.key, 'shared')
  let written = false
  const writing = segment.write('after', { timeout: Infinity }).then(() => { written = true })
  // Between its slices: while it is behind the gate, readers wait, so that it is not starved.
  const reads = await Promise.allSettled(Array.from({ length: 5 }, () => segment.read({ timeout: Infinity })))
  t.ok(reads.every(({ status }) => status === 'fulfilled'))
  t.notOk(written)
  await holder.kill()
  await writing
  t.equal(String(await segment.read()), 'after')
})

t.test('the lock for applications', async t => {
  const segment = await raw(t)
  const other = await another(t, segment.key, { layout: 'raw' })
  const lock = await segment.lock()
  t.equal(lock.held, true)
  await segment.write('under it')
  await t.rejects(other.tryLock(), { code: 'ERR_SHM_BUSY', holderPid: process.pid })
  await t.rejects(other.lock({ timeout: 30 }), { code: 'ERR_SHM_TIMEOUT' })
  await lock.release()
  t.equal(await other.withLock(() => 42), 42)
  const held = await other.lock()
  const { signal } = held
  await other.close()
  t.match(signal.reason, { code: 'ERR_SHM_CLOSED' })
  await (await segment.tryLock()).release()
  const holder = await holdRaw(t, segment.key, 'user')
  await t.rejects(segment.lock({ timeout: 30 }), { holderPid: holder.pid })
  const waiting = segment.lock({ timeout: Infinity })
  await holder.kill()
  await (await waiting).release()
})

t.test('inlineLimit', async t => {
  const segment = await text(t, { inlineLimit: 100 })
  await segment.write('short')
  t.equal(String(await segment.read()), 'short')
  t.equal(String(await segment.read({ offset: 1, length: 2 })), 'ho')
  t.strictSame(await segment.readInto(zeros(50)), { length: 5 })
  t.match(segment.stats(), { reads: { inline: 3, calls: 0 }, writes: { inline: 1, calls: 0 } })
  await segment.write('x'.repeat(101))
  t.equal((await segment.read()).length, 101)
  t.match(segment.stats(), { reads: { inline: 3, calls: 1 }, writes: { inline: 1, calls: 1 } })
  await holdRaw(t, segment.key)
  await t.rejects(segment.write('x', { timeout: 30 }), { code: 'ERR_SHM_TIMEOUT' })
  await t.rejects(segment.read({ length: 1, timeout: 30 }), { code: 'ERR_SHM_TIMEOUT' })
})

t.test('a C++ program at the same bytes', async t => {
  const segment = await text(t)
  await peer('raw-write', segment.key, 'from C++')
  t.equal(String(await segment.read()), 'from C++')
  await segment.write('from JavaScript')
  t.equal(String(await peer('raw-read', segment.key)), 'from JavaScript')
})

t.test('a writer that dies in the middle', async t => {
  const segment = await text(t)
  await segment.write('01234567')
  await t.rejects(peer('raw-die', segment.key, 'abcdefgh'), { signal: 'SIGKILL' })
  t.equal(String(await segment.read()), 'abcd4567', 'half of it: there are no versions here')
  await segment.write('whole')
  t.equal(String(await segment.read()), 'whole')
})

t.test('readOnly', async t => {
  const segment = await text(t)
  await segment.write('text')
  const reader = await another(t, segment.key, { layout: 'raw', nulTerminated: true, readOnly: true })
  const READ_ONLY = { code: 'ERR_SHM_READ_ONLY' }
  t.equal(reader.readOnly, true)
  t.equal(String(await reader.read()), 'text')
  t.equal(String(reader.readSync()), 'text')
  await t.rejects(reader.write('x'), READ_ONLY)
  t.throws(() => reader.writeSync('x'), READ_ONLY)
  t.throws(() => reader.view(), READ_ONLY)
  await t.rejects(reader.lock(), READ_ONLY)
  await t.rejects(reader.destroy(), READ_ONLY)
  await holdRaw(t, segment.key)
  await t.rejects(reader.read({ timeout: 30 }), { code: 'ERR_SHM_TIMEOUT' }, 'it takes the lock, too')
})
