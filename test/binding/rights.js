'use strict'

// Other users: what they may, and whose segments are trusted.

const t = require('tap')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { isPosix } = require('../helpers/memory')
const { removeSegment } = require('../helpers/raw')
const { asUser, rootOnly, NOBODY } = require('../helpers/run')
const { another, reservedKey, withSegment } = require('../helpers/segment')

const ACCESS = { name: 'ShmError', code: 'ERR_SHM_ACCESS' }

const openAs = async (shm, key, options) => {
  const segment = await shm.open(key, options)
  return String(await segment.read())
}
const writeAs = async (shm, key, options) => {
  const segment = await shm.open(key, options)
  return await segment.write('by nobody')
}

t.test('a segment of mode 0600', rootOnly, async t => {
  const segment = await withSegment(t)
  for (const options of [{}, { readOnly: true }, { owner: 'any' }, { create: false }]) {
    await t.rejects(asUser(NOBODY, openAs, segment.key, options), { ...ACCESS, key: segment.key }, JSON.stringify(options))
  }
  await t.rejects(asUser(NOBODY, (shm, key) => shm.destroy(key), segment.key), ACCESS)
  await t.rejects(asUser(NOBODY, (shm, id) => shm.open({ id }), segment.id), ACCESS)
  t.notOk((await asUser(NOBODY, shm => shm.list())).some(({ id }) => id === segment.id), 'nor is it listed')
  t.equal(await segment.write('still here'), 1)
})

t.test('a segment of mode 0644 may be read', rootOnly, async t => {
  const segment = await withSegment(t, { mode: 0o644 })
  await segment.write('for all to see')
  t.equal(await asUser(NOBODY, openAs, segment.key, { readOnly: true }), 'for all to see')
  t.strictSame(await asUser(NOBODY, async (shm, key) => {
    const segment = await shm.open(key, { readOnly: true })
    const target = Buffer.alloc(3)
    const { length } = await segment.readInto(target, { offset: 4 })
    return [String(target), length, (await segment.snapshot()).version, String(segment.readSync()), (await segment.stat()).uid, await segment.destroy().catch(({ code }) => code)]
  }, segment.key), ['all', 3, 1, 'for all to see', 0, 'ERR_SHM_ACCESS'])
  await t.rejects(asUser(NOBODY, openAs, segment.key, {}), ACCESS, 'but not be attached for writing')
  t.ok((await asUser(NOBODY, shm => shm.list())).some(({ id }) => id === segment.id), 'and is listed')
})

t.test('a segment of mode 0666 may be written', rootOnly, async t => {
  const segment = await withSegment(t, { mode: 0o666 })
  t.equal(await asUser(NOBODY, writeAs, segment.key, {}), 1)
  t.equal(String(await segment.read()), 'by nobody')
  await t.rejects(asUser(NOBODY, (shm, key) => shm.destroy(key), segment.key), ACCESS)
  await t.rejects(asUser(NOBODY, async (shm, key) => (await shm.open(key)).destroy(), segment.key), ACCESS)
  t.equal(await segment.write('a refused destroy retires nothing'), 2)
})

t.test('another user\'s segment is not trusted', rootOnly, async t => {
  const key = reservedKey(t)
  await asUser(NOBODY, (shm, key) => shm.open(key, { mode: 0o666 }).then(segment => segment.write('a squatter')), key)
  const OWNER = { name: 'ShmError', code: 'ERR_SHM_OWNER', message: /user 65534/, key }
  for (const options of [{}, { readOnly: true }, { owner: 0 }, { owner: 1 }, { exclusive: false, create: false }]) {
    await t.rejects(shm.open(key, options), OWNER, JSON.stringify(options))
  }
  // Over POSIX an id stands for a name, and an error tells that.
  await t.rejects(shm.open({ id: kernel.under(key).segments[0].shmid }), { ...OWNER, key: isPosix ? key : undefined })
  await t.rejects(shm.destroy(key), OWNER)
  await t.rejects(shm.destroy(key, { owner: 1 }), OWNER)
  t.notOk(kernel.isFree(key), 'and left alone')
  for (const owner of [NOBODY, 'any']) t.equal(String(await (await another(t, key, { owner })).read()), 'a squatter', String(owner))
  await shm.destroy(key, { owner: NOBODY })
  t.ok(kernel.isFree(key))
})

t.test('root\'s segments are trusted by all', rootOnly, async t => {
  const segment = await withSegment(t, { mode: 0o666 })
  await segment.write('from root')
  for (const owner of [undefined, 1, NOBODY, 'any']) t.equal(await asUser(NOBODY, openAs, segment.key, { owner }), 'from root')
})

t.test('a user makes, uses and destroys segments of his own', rootOnly, async t => {
  const key = reservedKey(t)
  t.strictSame(await asUser(NOBODY, async (shm, key) => {
    const segment = await shm.open(key)
    await segment.write('mine')
    const { uid } = await segment.stat()
    const value = String(await segment.read())
    await segment.destroy()
    return { uid, value }
  }, key), { uid: NOBODY, value: 'mine' })
  t.ok(kernel.isFree(key))
})

t.test('a foreign semaphore set under the key of a segment to be made', rootOnly, async t => {
  const key = reservedKey(t)
  const id = await asUser(NOBODY, async (shm, key) => (await shm.open(key, { mode: 0o666 })).id, key)
  removeSegment(id)
  t.equal(kernel.under(key).segments.length, 0)
  await t.rejects(shm.open(key), { code: 'ERR_SHM_OWNER' })
  t.equal(kernel.under(key).sets.length, 1)
})

t.test('a mode that is given bounds what is accepted, of whomever', async t => {
  const segment = await withSegment(t, { mode: 0o666 })
  for (const options of [{ mode: 0o600 }, { mode: 0o600, owner: 'any' }, { mode: 0o644, owner: 'any' }]) {
    await t.rejects(shm.open(segment.key, options), { code: 'ERR_SHM_OWNER', message: /mode 0666/ })
  }
  await another(t, segment.key, { mode: 0o666, owner: 'any' })
})
