'use strict'

const t = require('tap')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { uniqueKey, uniqueName } = require('../helpers/keys')
const { isPosix } = require('../helpers/memory')
const { another, reservedKey, withSegment } = require('../helpers/segment')

t.test('creates where there is none', async t => {
  const key = uniqueKey()
  const segment = await withSegment(t, { reference: key })
  t.equal(segment.key, key)
  t.equal(segment.name, null)
  t.equal(segment.capacity, 2048)
  t.equal(segment.layout, 'cell')
  t.equal(segment.readOnly, false)
  t.equal(segment.version, 0)
  t.match(segment.incarnation, /^[0-9a-f]{16}$/)
  t.ok(segment instanceof shm.Segment)
  const { segments: [made], sets: [set] } = kernel.under(key)
  t.equal(made.shmid, segment.id)
  t.equal(made.perms, 600, 'mode 0600')
  t.equal(made.size, 4096 + 3 * 4096)
  t.equal(set.perms, 600)
  t.equal(set.nsems, 4)
})

t.test('attaches what is there', async t => {
  const name = uniqueName()
  const first = await withSegment(t, { reference: name, capacity: 100 })
  await first.write('here')
  const second = await another(t, name)
  t.equal(second.id, first.id)
  t.equal(second.name, name)
  t.equal(second.key, first.key)
  t.equal(second.capacity, 100)
  t.equal(second.incarnation, first.incarnation)
  t.equal(String(await second.read()), 'here')
})

t.test('options of a segment to be created', async t => {
  const segment = await withSegment(t, { capacity: 5000, slots: 7, mode: 0o640, checksum: true })
  const { capacity, slots, mode, checksum, segmentBytes } = await segment.stat()
  t.strictSame({ capacity, slots, mode, checksum, segmentBytes },
    { capacity: 5000, slots: 7, mode: 0o640, checksum: true, segmentBytes: 4096 + 7 * 8192 })
  t.equal(kernel.under(segment.key).sets[0].perms, 640, 'of the semaphore set too')
})

t.test('the fewest and the most slots', async t => {
  for (const slots of [2, 16]) {
    const segment = await withSegment(t, { slots })
    for (let i = 1; i <= 40; i++) {
      t.equal(await segment.write(String(i)), i)
      t.equal(String(await segment.read()), String(i))
    }
  }
})

t.test('create: false', async t => {
  const key = uniqueKey()
  await t.rejects(shm.open(key, { create: false }), { name: 'ShmError', code: 'ERR_SHM_NOT_FOUND', key, syscall: isPosix ? 'open' : 'shmget', errno: 2 })
  t.ok(kernel.isFree(key), 'nothing was made')
  await withSegment(t, { reference: key })
  t.equal((await another(t, key, { create: false })).key, key)
})

t.test('exclusive: true', async t => {
  const key = uniqueKey()
  const segment = await withSegment(t, { reference: key, exclusive: true })
  await segment.write('mine')
  await t.rejects(shm.open(key, { exclusive: true }), { code: 'ERR_SHM_EXISTS', key })
  t.equal(String(await segment.read()), 'mine')
})

t.test('one of many racers creates', async t => {
  const key = reservedKey(t)
  const racers = await Promise.allSettled(Array.from({ length: 20 }, () => shm.open(key, { exclusive: true })))
  const winners = racers.filter(({ status }) => status === 'fulfilled')
  t.equal(winners.length, 1)
  for (const { reason } of racers.filter(({ status }) => status === 'rejected')) t.equal(reason.code, 'ERR_SHM_EXISTS')
  const handles = await Promise.all(Array.from({ length: 20 }, () => shm.open(key)))
  t.equal(new Set(handles.map(({ incarnation }) => incarnation)).size, 1)
  await Promise.all(handles.concat(winners.map(({ value }) => value)).map(segment => segment.close()))
})

t.test('readOnly: true', async t => {
  const key = uniqueKey()
  await t.rejects(shm.open(key, { readOnly: true }), { code: 'ERR_SHM_NOT_FOUND' })
  t.ok(kernel.isFree(key), 'nothing was made')
  const segment = await withSegment(t, { reference: key })
  await segment.write('seen')
  const reader = await another(t, key, { readOnly: true })
  t.equal(reader.readOnly, true)
  t.equal(String(await reader.read()), 'seen')
  t.equal(String(reader.readSync()), 'seen')
  t.equal(reader.version, 1)
  await t.rejects(reader.write('x'), { code: 'ERR_SHM_READ_ONLY' })
  await t.rejects(reader.update(() => 'x'), { code: 'ERR_SHM_READ_ONLY' })
  t.throws(() => reader.writeSync('x'), { code: 'ERR_SHM_READ_ONLY' })
  await t.rejects(reader.destroy(), { code: 'ERR_SHM_READ_ONLY' })
  t.equal(String(await reader.read()), 'seen', 'a refused destroy leaves the handle open')
  t.equal(await segment.write('more'), 2)
})

t.test('capacity of an existing segment', async t => {
  const segment = await withSegment(t, { capacity: 100 })
  t.equal((await another(t, segment.key, { capacity: 100 })).capacity, 100)
  t.equal((await another(t, segment.key, { capacity: 1 })).capacity, 100)
  await t.rejects(shm.open(segment.key, { capacity: 101 }), { code: 'ERR_SHM_CAPACITY', message: /100 bytes, 101/ })
})

t.test('checksum of an existing segment', async t => {
  const without = await withSegment(t)
  await t.rejects(shm.open(without.key, { checksum: true }), { code: 'ERR_SHM_UNSUPPORTED', message: /checksum/ })
  const made = await withSegment(t, { checksum: true })
  t.equal((await (await another(t, made.key)).stat()).checksum, true, 'it is the segment that has it')
})

t.test('mode of an existing segment', async t => {
  const open = await withSegment(t, { mode: 0o644 })
  await t.rejects(shm.open(open.key, { mode: 0o600 }), { code: 'ERR_SHM_OWNER', message: /0644/ })
  t.equal((await another(t, open.key, { mode: 0o644 })).key, open.key)
  t.equal((await another(t, open.key, { mode: 0o666 })).key, open.key)
  t.equal((await another(t, open.key)).key, open.key, 'not looked at unless given')
})

t.test('segments are opened, not constructed', async t => {
  t.throws(() => new shm.Segment(), TypeError)
  t.throws(() => new shm.Segment(Symbol('opening'), {}), TypeError)
})
