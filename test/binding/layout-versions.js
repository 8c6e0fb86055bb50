'use strict'

// Segments that a later shmnode may make: a newer minor is used like one of our own, a newer major is refused and left alone.

const t = require('tap')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { make, peek, poke, removeSegment, OFFSETS, u16 } = require('../helpers/raw')
const { uniqueKey } = require('../helpers/keys')
const { another, withSegment } = require('../helpers/segment')

/** Header bytes that layout 1.0 has no field in. */
const UNKNOWN = [[224, 256], [256 + 128 * 16, 4096]]
/** Of a descriptor of a slot: the same. */
const UNKNOWN_OF_SLOT = [96, 128]

/** Made by a later shmnode: another minor, and something in every byte that 1.0 does not know. */
async function later (t, minor) {
  const segment = await withSegment(t)
  await segment.write('before')
  await poke(segment.id, OFFSETS.minor, u16(minor))
  for (const [begin, end] of UNKNOWN) await poke(segment.id, begin, Buffer.alloc(end - begin, 0xa5))
  for (let slot = 0; slot < 3; slot++) await poke(segment.id, OFFSETS.slot(slot) + UNKNOWN_OF_SLOT[0], Buffer.alloc(32, 0xa5))
  return segment
}

const unknownOfSlot = (id, slot) => peek(id, OFFSETS.slot(slot) + UNKNOWN_OF_SLOT[0], 32)

t.test('a newer minor is read, written, watched and locked', async t => {
  const { id, key } = await later(t, 9)
  const segment = await another(t, key)
  t.equal((await segment.stat()).layoutVersion, '1.9')
  t.equal((await shm.list()).find(info => info.id === id).layoutVersion, '1.9')
  t.equal(String(await segment.read()), 'before')
  t.equal(String((await another(t, { id }, { readOnly: true })).readSync()), 'before')
  const watch = segment.watch()
  const change = watch.next()
  t.equal(await segment.write('after', { ifVersion: 1 }), 2)
  t.match((await change).value, { data: Buffer.from('after'), version: 2 })
  await watch.return()
  t.equal(await segment.withLock(() => segment.writeSync('locked')), 3)
  await segment.destroy()
  t.ok(kernel.isFree(key))
})

t.test('what is not known of a newer minor stays, but for what was said of an older value', async t => {
  const { id, key } = await later(t, 1)
  const segment = await another(t, key)
  await segment.write('after')
  for (const [begin, end] of UNKNOWN) t.ok((await peek(id, begin, end - begin)).equals(Buffer.alloc(end - begin, 0xa5)), `${begin} to ${end}`)
  t.ok((await unknownOfSlot(id, 2)).equals(Buffer.alloc(32)), 'the slot of version 2')
  t.ok((await unknownOfSlot(id, 1)).equals(Buffer.alloc(32, 0xa5)), 'the slot of version 1')
  t.strictSame(await peek(id, OFFSETS.major, 4), Buffer.concat([u16(1), u16(1)]), 'nor is the version')
})

/** A later major may have anything anywhere, but for the magic and the version. */
async function foreign (t, major, minor) {
  const key = uniqueKey()
  const id = await make(key, 20_000)
  t.teardown(() => removeSegment(id))
  await poke(id, 12, Buffer.alloc(20_000 - 12, 0xc3))
  await poke(id, 0, Buffer.concat([Buffer.from('SHMNODE1'), u16(major), u16(minor)]))
  return { key, id }
}

t.test('a newer major is refused, and the message tells which library is needed', async t => {
  for (const [major, minor] of [[2, 0], [2, 3], [40, 1], [65535, 65535]]) {
    const { key, id } = await foreign(t, major, minor)
    const before = await peek(id, 0, 20_000)
    const error = {
      name: 'ShmError',
      code: 'ERR_SHM_LAYOUT',
      message: new RegExp(`was made with layout ${major}\\.${minor}: that needs a shmnode that knows layout ${major}, this one knows 1\\.0`)
    }
    for (const options of [{}, { create: false }, { readOnly: true }, { exclusive: true }, { owner: 'any' }]) {
      await t.rejects(shm.open(key, options), error, JSON.stringify(options))
    }
    await t.rejects(shm.open({ id }), error)
    await t.rejects(shm.destroy(key), error)
    await t.rejects(shm.destroy({ id }), error)
    t.notOk((await shm.list()).some(info => info.id === id), 'it is not listed')
    t.ok((await peek(id, 0, 20_000)).equals(before), 'not a byte is changed')
    t.match(kernel.under(key), { segments: [{ shmid: id, nattch: 0 }], sets: [] })
  }
})

t.test('a major that has never been is no newer one', async t => {
  const { key } = await foreign(t, 0, 5)
  await t.rejects(shm.open(key), { code: 'ERR_SHM_LAYOUT', message: /has layout 0\.5, which no shmnode has made/ })
})

t.test('a segment of ours whose major is changed', async t => {
  const segment = await withSegment(t)
  await poke(segment.id, OFFSETS.major, u16(2))
  await t.rejects(shm.open(segment.key), { code: 'ERR_SHM_LAYOUT', message: /layout 2\.0/, key: segment.key })
  await poke(segment.id, OFFSETS.major, u16(1))
  await (await shm.open(segment.key)).close()
})
