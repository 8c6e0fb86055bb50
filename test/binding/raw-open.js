'use strict'

// Raw segments that others made, and what is refused. What was not asked for as raw is not changed by a byte.

const fs = require('node:fs')
const t = require('tap')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { keyOf, uniqueKey, uniqueName } = require('../helpers/keys')
const { isPosix, systemVOnly } = require('../helpers/memory')
const { classic, peer } = require('../helpers/peer')
const { make, makeSet, peek, poke, removeSegment, removeSet } = require('../helpers/raw')
const { asUser, rootOnly, NOBODY } = require('../helpers/run')
const { another, reservedKey, withSegment } = require('../helpers/segment')

const RAW = { layout: 'raw' }
const LAYOUT = { name: 'ShmError', code: 'ERR_SHM_LAYOUT' }

async function foreign (t, bytes, text, key = uniqueKey()) {
  await peer('foreign', key, bytes, text)
  t.teardown(() => peer('forget', key))
  return { key, bytes, id: kernel.under(key).segments[0].shmid }
}

t.test('another program\'s segment', async t => {
  for (const bytes of [1, 2048, 4096, 20_000]) {
    const { key, id } = await foreign(t, bytes, 'their bytes')
    const before = await peek(id, 0, bytes)
    const segment = await another(t, key, RAW)
    t.match(segment, { id, key, capacity: bytes, layout: 'raw' })
    t.ok((await segment.read()).equals(before))
    await segment.close()
    t.ok((await peek(id, 0, bytes)).equals(before), 'not a byte is changed')
    t.match(kernel.under(key), { segments: [{ shmid: id, nattch: 0 }], sets: [{ nsems: 5 }] })
  }
})

t.test('it stays refused as a cell, whatever it holds', async t => {
  for (const [bytes, text] of [[20_000, 'text'], [20_000, ''], [4096 * 4, ''], [2048, ''], [4096 * 4, 'SHMNODE2']]) {
    const { key, id } = await foreign(t, bytes, text)
    await (await shm.open(key, RAW)).close()
    const before = await peek(id, 0, bytes)
    for (const options of [{}, { readOnly: true }, { create: false }, { owner: 'any' }]) await t.rejects(shm.open(key, options), LAYOUT, `${bytes} ${text} ${JSON.stringify(options)}`)
    await t.rejects(shm.open({ id }), LAYOUT)
    await t.rejects(shm.destroy(key), LAYOUT)
    await t.rejects(shm.destroy({ id }), LAYOUT)
    t.ok((await peek(id, 0, bytes)).equals(before), 'not a byte is changed')
    t.equal(kernel.under(key).segments[0].shmid, id)
  }
})

t.test('our own raw segment is no cell either', async t => {
  const segment = await withSegment(t, { ...RAW, capacity: 4096 * 4 })
  await t.rejects(shm.open(segment.key), { ...LAYOUT, message: /is raw, or was: { layout: 'raw' }/ })
  await t.rejects(shm.open(segment.key, { readOnly: true }), LAYOUT)
  t.ok((await segment.read()).equals(Buffer.alloc(4096 * 4)))
})

t.test('a cell is not raw', async t => {
  const segment = await withSegment(t)
  await segment.write('a value')
  const bytes = (await segment.stat()).segmentBytes
  const before = await peek(segment.id, 0, bytes)
  const CELL = { ...LAYOUT, message: /is a cell: open it without/ }
  for (const options of [{}, { readOnly: true }, { create: false }, { semaphore: `/shmnode-t-${segment.key}` }]) await t.rejects(shm.open(segment.key, { ...RAW, ...options }), CELL)
  await t.rejects(shm.open({ id: segment.id }, RAW), CELL)
  await t.rejects(shm.destroy(segment.key, RAW), CELL)
  t.ok((await peek(segment.id, 0, bytes)).equals(before), 'not a byte is changed')
  t.notOk(fs.existsSync(`/dev/shm/sem.shmnode-t-${segment.key}`))
  t.equal(String(await segment.read()), 'a value')
})

t.test('by all kinds of references', async t => {
  const { key, id } = await foreign(t, 100, 'theirs')
  t.equal(String(await (await another(t, { id }, RAW)).read({ length: 6 })), 'theirs')
  t.equal((await another(t, { id }, RAW)).key, key)
  if (!isPosix) { // where a file has its name from its maker
    const name = uniqueName()
    const named = await foreign(t, 100, 'by name', keyOf(name))
    const segment = await another(t, name, RAW)
    t.match(segment, { name, key: named.key | 0, id: named.id })
    t.equal((await segment.stat()).name, name)
  }
  await t.rejects(shm.open(uniqueKey(), { ...RAW, create: false }), { code: 'ERR_SHM_NOT_FOUND' })
  await t.rejects(shm.open(key, { ...RAW, exclusive: true }), { code: 'ERR_SHM_EXISTS' })
  await t.rejects(shm.open(key, { ...RAW, capacity: 101 }), { code: 'ERR_SHM_CAPACITY', message: /100 bytes, 101 were asked for/ })
  await another(t, key, { ...RAW, capacity: 100 })
})

t.test('a segment without a key has no lock', systemVOnly, async t => {
  const NO_LOCK = { code: 'ERR_SHM_UNSUPPORTED', message: /no key .* option `semaphore`/ }
  await t.rejects(shm.open(shm.PRIVATE, RAW), NO_LOCK)
  const id = await make(0, 100)
  t.teardown(() => removeSegment(id))
  await t.rejects(shm.open({ id }, RAW), NO_LOCK)
})

t.test('a semaphore set of another kind', async t => {
  for (const count of [1, 3, 6]) {
    const key = uniqueKey()
    const semid = await makeSet(key, count)
    t.teardown(() => removeSet(semid))
    const refused = { ...LAYOUT, message: /has a semaphore set that shmnode did not make, so give the option `semaphore`/ }
    await t.rejects(shm.open(key, RAW), refused)
    t.equal(kernel.under(key).segments.length, 0, 'no segment was made')
    const id = await make(key, 100)
    t.teardown(() => removeSegment(id))
    await t.rejects(shm.open(key, RAW), refused)
    await t.rejects(shm.open({ id }, RAW), refused)
  }
})

t.test('a set whose segment is gone', async t => {
  const segment = await withSegment(t, RAW)
  const { sets: [{ semid }] } = kernel.under(segment.key)
  removeSegment(segment.id)
  await t.rejects(shm.open(segment.key), { ...LAYOUT, message: /is raw, or was/ })
  const anew = await another(t, segment.key, RAW)
  t.equal(kernel.under(segment.key).sets[0].semid, semid, 'is used again')
  await anew.close()
  removeSegment(anew.id)
  await shm.destroy(segment.key, RAW)
  t.ok(kernel.isFree(segment.key))
})

t.test('other users', rootOnly, async t => {
  const segment = await withSegment(t, { ...RAW, mode: 0o644 })
  await segment.write('text')
  const openAs = (shm, key, options) => shm.open(key, { layout: 'raw', ...options }).then(segment => segment.read({ length: 4 })).then(String)
  for (const options of [{}, { readOnly: true }]) {
    await t.rejects(asUser(NOBODY, openAs, segment.key, options), { code: 'ERR_SHM_ACCESS' }, 'who may not lock may not read')
  }
  const open = await withSegment(t, { ...RAW, mode: 0o666 })
  await open.write('open')
  t.equal(await asUser(NOBODY, openAs, open.key, {}), 'open')
  await t.rejects(asUser(NOBODY, (shm, key) => shm.destroy(key, { layout: 'raw' }), open.key), { code: 'ERR_SHM_ACCESS' })

  const key = reservedKey(t, 'raw')
  await asUser(NOBODY, (shm, key) => shm.open(key, { layout: 'raw', mode: 0o666 }).then(segment => segment.write('a squatter')), key)
  const OWNER = { code: 'ERR_SHM_OWNER', message: /user 65534/ }
  await t.rejects(shm.open(key, RAW), OWNER)
  await t.rejects(shm.destroy(key, RAW), OWNER)
  t.equal(String(await (await another(t, key, { ...RAW, owner: NOBODY, nulTerminated: true })).read()), 'a squatter')
  await t.rejects(shm.open(key, { ...RAW, owner: NOBODY, mode: 0o600 }), { code: 'ERR_SHM_OWNER', message: /mode 0666/ })
})

t.test('a lock for another user\'s segment is its owner\'s to make, or root\'s', rootOnly, async t => {
  const key = reservedKey(t, 'raw')
  await poke(await make(key, 100, 0o666), 0, 'text')
  await t.rejects(asUser(NOBODY, (shm, key) => shm.open(key, { layout: 'raw' }), key), { code: 'ERR_SHM_ACCESS', message: /no lock yet, which its owner or root/ })
  t.strictSame(kernel.under(key).sets, [], 'none was made')
  await another(t, key, RAW)
  t.equal(await asUser(NOBODY, (shm, key) => shm.open(key, { layout: 'raw' }).then(segment => segment.read({ length: 4 })).then(String), key), 'text')
})

t.test('the classic program', systemVOnly, async t => {
  const key = uniqueKey()
  t.teardown(() => fs.rmSync(`/dev/shm/sem.shmnode-t-${key}`))
  t.teardown(() => peer('forget', key))
  await classic(key, 'write', 'from 1992')
  const segment = await another(t, key, { ...RAW, nulTerminated: true })
  t.match(segment, { capacity: 2048 })
  t.equal(String(await segment.read()), 'from 1992')
  await segment.write('from today')
  t.equal(await classic(key, 'read'), 'from today\n')
  await poke(segment.id, 0, 'F')
  t.equal(String(await segment.read()), 'From today')
})
