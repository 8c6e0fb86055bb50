'use strict'

const t = require('tap')
const shm = require('../..')
const { make, poke, OFFSETS, u64 } = require('../helpers/raw')
const { peer } = require('../helpers/peer')
const { uniqueKey, uniqueName } = require('../helpers/keys')
const { uniquePosixName } = require('../helpers/memory')
const { another, attachesOf, remove, withSegment } = require('../helpers/segment')

const listed = async id => (await shm.list()).find(info => info.id === id)

t.test('stat', async t => {
  const name = uniqueName()
  const before = Date.now()
  const segment = await withSegment(t, { reference: name, capacity: 5000, slots: 4, mode: 0o640, checksum: true })
  const { createdAt, ...facts } = await segment.stat()
  t.ok(createdAt instanceof Date && createdAt.getTime() >= before - 1 && createdAt.getTime() <= Date.now() + 1)
  t.strictSame(facts, {
    id: segment.id,
    posix: false,
    key: segment.key,
    name,
    layout: 'cell',
    layoutVersion: '1.0',
    capacity: 5000,
    slots: 4,
    checksum: true,
    incarnation: segment.incarnation,
    creatorPid: process.pid,
    segmentBytes: 4096 + 4 * 8192,
    mode: 0o640,
    uid: process.geteuid(),
    gid: process.getegid(),
    attached: 1,
    length: 0,
    version: 0,
    committedAt: null,
    writerPid: null,
    mediaType: null
  })
  await segment.write('12345', { mediaType: 'text/plain' })
  const written = await segment.stat()
  t.match(written, { length: 5, version: 1, writerPid: process.pid, mediaType: 'text/plain' })
  t.ok(written.committedAt instanceof Date)
})

t.test('list says what stat says', async t => {
  const named = await withSegment(t, { reference: uniqueName() })
  const keyed = await withSegment(t, { capacity: 10 })
  const unnamed = await withSegment(t, { reference: shm.PRIVATE })
  await keyed.write('x', { mediaType: 'a/b' })
  for (const segment of [named, keyed, unnamed]) t.strictSame(await listed(segment.id), await segment.stat())
  t.equal((await listed(unnamed.id)).key, null)
  const ids = (await shm.list()).map(({ id }) => id)
  t.ok([named, keyed, unnamed].every(({ id }) => ids.includes(id)))
})

t.test("the order of their ids, and behind them POSIX's in that of their names", async t => {
  for (let i = 0; i < 5; i++) await withSegment(t)
  for (let i = 0; i < 3; i++) await withSegment(t, { reference: uniquePosixName(), posix: true })
  const infos = await shm.list()
  const ids = infos.filter(({ posix }) => !posix).map(({ id }) => id)
  const names = infos.filter(({ posix }) => posix).map(({ name }) => name)
  t.ok(ids.length >= 5 && names.length >= 3)
  t.strictSame(ids, ids.toSorted((a, b) => a - b))
  t.strictSame(names, names.toSorted())
  t.strictSame(infos.map(({ id, name }) => id ?? name), [...ids, ...names])
})

t.test('list looks, and leaves nothing attached', async t => {
  const segment = await withSegment(t)
  await Promise.all([shm.list(), shm.list(), shm.list()])
  t.equal(await attachesOf(segment, 1), 1)
})

t.test('not what is destroyed, foreign, blank or corrupt', async t => {
  const destroyed = await withSegment(t)
  const attached = await another(t, destroyed.key)
  await destroyed.destroy()
  t.equal(await listed(attached.id), undefined, 'destroyed, still attached')
  const foreign = uniqueKey()
  const blank = uniqueKey()
  t.teardown(() => Promise.all([foreign, blank].map(key => peer('forget', key))))
  await peer('foreign', foreign, 50_000, 'not ours')
  const blankId = await make(blank, 50_000)
  const corrupt = await withSegment(t)
  await poke(corrupt.id, OFFSETS.capacity, u64(2 ** 50))
  const ids = (await shm.list()).map(({ id }) => id)
  t.notOk(ids.includes(blankId))
  t.notOk(ids.includes(corrupt.id))
  t.notOk((await shm.list()).some(({ key }) => key === foreign))
  await remove(corrupt.key)
})
