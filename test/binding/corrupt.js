'use strict'

// Numbers that cannot be: an error, never a crash, never bytes from elsewhere.

const t = require('tap')
const shm = require('../..')
const { pattern } = require('../helpers/pattern')
const { peek, poke, OFFSETS, PAYLOAD, u16, u32, u64 } = require('../helpers/raw')
const { withSegment } = require('../helpers/segment')

const CORRUPT = { name: 'ShmError', code: 'ERR_SHM_CORRUPT' }

async function everyReadRejects (t, segment, message) {
  await t.rejects(segment.read(), CORRUPT, message)
  await t.rejects(segment.read({ offset: 1 }), CORRUPT, message)
  await t.rejects(segment.snapshot(), CORRUPT, message)
  await t.rejects(segment.readInto(Buffer.alloc(9000)), CORRUPT, message)
  await t.rejects(Promise.all([segment.read(), segment.read()]), CORRUPT, message)
  await t.rejects(segment.update(() => 'x'), CORRUPT, message)
  t.throws(() => segment.readSync(), CORRUPT, message)
  t.throws(() => segment.snapshotSync(), CORRUPT, message)
  t.throws(() => segment.readIntoSync(Buffer.alloc(9000)), CORRUPT, message)
}

t.test('a header that cannot be is not opened', async t => {
  const cases = [
    ['header bytes', OFFSETS.headerBytes, u32(8192)],
    ['capacity', OFFSETS.capacity, u64(0)],
    ['slot stride', OFFSETS.capacity, u64(5000)],
    ['capacity', OFFSETS.capacity, u64(0xffffffffffffffffn)],
    ['slot count', OFFSETS.slots, u32(0)],
    ['slot count', OFFSETS.slots, u32(1)],
    ['slot count', OFFSETS.slots, u32(17)],
    ['slot count', OFFSETS.slots, u32(0xffffffff)],
    ['size', OFFSETS.slots, u32(4)],
    ['slot stride', OFFSETS.stride, u64(0)],
    ['slot stride', OFFSETS.stride, u64(4095)],
    ['slot stride', OFFSETS.stride, u64(0xfffffffffffff000n)],
    ['incarnation', OFFSETS.incarnation, u64(0)],
    ['name', OFFSETS.name, Buffer.alloc(64, 'x')],
    ['name', OFFSETS.name, Buffer.from('a/b\0')]
  ]
  const segment = await withSegment(t)
  for (const [reason, offset, bytes] of cases) {
    const good = await peek(segment.id, offset, bytes.length)
    await poke(segment.id, offset, bytes)
    for (const options of [{}, { readOnly: true }]) {
      await t.rejects(shm.open(segment.key, options), { ...CORRUPT, message: new RegExp(reason) }, `${reason}: ${bytes.toString('hex').slice(0, 16)}`)
    }
    t.ok((await peek(segment.id, offset, bytes.length)).equals(bytes), 'and left as it is')
    await poke(segment.id, offset, good)
  }
  await (await shm.open(segment.key)).close()
})

t.test('a corrupt header does not move a segment that is open', async t => {
  const segment = await withSegment(t)
  await segment.write('as it was')
  const good = await peek(segment.id, OFFSETS.capacity, 24)
  await poke(segment.id, OFFSETS.capacity, Buffer.alloc(24, 0xff))
  t.equal(String(await segment.read()), 'as it was')
  t.equal(segment.capacity, 2048)
  await segment.write('still')
  t.equal(String(segment.readSync()), 'still')
  await poke(segment.id, OFFSETS.capacity, good)
})

t.test('destroy clears away a corrupt segment', async t => {
  const segment = await withSegment(t)
  await poke(segment.id, OFFSETS.slots, u32(0))
  await segment.close()
  t.equal(await shm.destroy(segment.key), undefined)
})

t.test('a length over the capacity', async t => {
  const segment = await withSegment(t)
  await segment.write('x')
  for (const length of [2049, 2 ** 32 - 1, 2 ** 53 - 1, 2n ** 63n, 2n ** 64n - 1n]) {
    await poke(segment.id, OFFSETS.slot(1) + 8, u64(length))
    await everyReadRejects(t, segment, `length ${length}`)
  }
  t.equal(await segment.write('the next write heals it'), 2)
  t.equal(String(await segment.read()), 'the next write heals it')
})

t.test('a commit that cannot be', async t => {
  const segment = await withSegment(t)
  await segment.write('x')
  for (const commit of [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
    await poke(segment.id, OFFSETS.commit, u64(commit))
    await everyReadRejects(t, segment, `commit ${commit}`)
    await t.rejects(segment.write('x'), CORRUPT)
    t.throws(() => segment.writeSync('x'), CORRUPT)
    t.type(segment.version, 'number')
  }
  await poke(segment.id, OFFSETS.commit, u64(2 ** 53 - 1))
  await t.rejects(segment.write('no number is left'), CORRUPT)
})

t.test('a commit whose slot holds another version', async t => {
  const segment = await withSegment(t)
  await segment.write('x')
  await poke(segment.id, OFFSETS.commit, u64(7))
  await everyReadRejects(t, segment)
  t.equal(await segment.write('the next write heals it'), 8)
  t.equal(String(await segment.read()), 'the next write heals it')
})

t.test('a media type without end', async t => {
  const segment = await withSegment(t)
  await segment.write('x')
  await poke(segment.id, OFFSETS.slot(1) + 32, Buffer.alloc(64, 'm'))
  t.equal((await segment.snapshot()).mediaType, 'm'.repeat(63))
  await poke(segment.id, OFFSETS.slot(1) + 32, Buffer.alloc(64, 0xff))
  t.type((await segment.snapshot()).mediaType, 'string')
  t.type(segment.snapshotSync().mediaType, 'string')
  t.type((await segment.stat()).mediaType, 'string')
})

t.test('times and pids that cannot be', async t => {
  const segment = await withSegment(t)
  await segment.write('x')
  await poke(segment.id, OFFSETS.slot(1) + 16, Buffer.alloc(12, 0xff))
  const { committedAt, writerPid } = await segment.snapshot()
  t.ok(committedAt instanceof Date)
  t.equal(writerPid, 2 ** 32 - 1)
})

t.test('a flipped bit, with a checksum', async t => {
  for (const length of [1, 9, 2048]) {
    const segment = await withSegment(t, { checksum: true })
    const value = pattern(length, 0x1122334455667788n)
    await segment.write(value)
    t.ok(value.equals(await segment.read()))
    const at = PAYLOAD + 4096 + length - 1
    const byte = await peek(segment.id, at, 1)
    await poke(segment.id, at, [byte[0] ^ 0x10])
    await t.rejects(segment.read(), { ...CORRUPT, message: /checksum/ })
    await t.rejects(segment.snapshot(), CORRUPT)
    t.throws(() => segment.readSync(), CORRUPT)
    await t.rejects(segment.readInto(Buffer.alloc(length)), CORRUPT)
    await poke(segment.id, at, byte)
    t.ok(value.equals(await segment.read()))
  }
})

t.test('a flipped bit in another part than is read, with a checksum', async t => {
  const segment = await withSegment(t, { checksum: true })
  await segment.write(Buffer.alloc(2048, 1))
  await poke(segment.id, PAYLOAD + 4096 + 2047, [0])
  await t.rejects(segment.read({ length: 5 }), CORRUPT)
  t.throws(() => segment.readSync({ offset: 1, length: 5 }), CORRUPT)
})

t.test('random bytes over the descriptors', async t => {
  const { randomBytes } = require('node:crypto')
  const segment = await withSegment(t)
  const known = /^ERR_SHM_(CORRUPT|DESTROYED)$/
  for (let i = 0; i < 30; i++) {
    await poke(segment.id, i % 2 ? OFFSETS.slot(0) : OFFSETS.commit, randomBytes(i % 2 ? 384 : 8))
    const results = await Promise.allSettled([segment.read(), segment.snapshot(), segment.stat(), segment.readInto(Buffer.alloc(10))])
    for (const { reason } of results) if (reason && !(known.test(reason.code) || reason.code === 'ERR_SHM_TOO_LARGE')) t.fail(reason)
    await poke(segment.id, OFFSETS.commit, u64(0))
    await segment.write('healed')
    t.equal(String(await segment.read()), 'healed')
  }
})

t.test('header fields as other programs find them', async t => {
  const segment = await withSegment(t, { capacity: 5000, slots: 5 })
  await segment.write('abc', { mediaType: 'text/plain' })
  const header = await peek(segment.id, 0, 4096)
  t.equal(header.toString('latin1', 0, 8), 'SHMNODE1')
  t.ok(header.subarray(8, 10).equals(u16(1)))
  t.equal(header.readUInt32LE(OFFSETS.headerBytes), 4096)
  t.equal(header.readBigUInt64LE(OFFSETS.capacity), 5000n)
  t.equal(header.readUInt32LE(OFFSETS.slots), 5)
  t.equal(header.readBigUInt64LE(OFFSETS.stride), 8192n)
  t.equal(header.readBigUInt64LE(OFFSETS.incarnation), BigInt(`0x${segment.incarnation}`))
  t.equal(header.readUInt32LE(56), process.pid)
  t.equal(header.readBigUInt64LE(OFFSETS.commit), 1n)
  const slot = header.subarray(OFFSETS.slot(1))
  t.equal(slot.readBigUInt64LE(0), 1n)
  t.equal(slot.readBigUInt64LE(8), 3n)
  t.equal(slot.readUInt32LE(24), process.pid)
  t.equal(slot.toString('latin1', 32, 43), 'text/plain\0')
  t.equal(String(await peek(segment.id, PAYLOAD + 8192, 3)), 'abc')
})
