'use strict'

// What is not ours is refused, and left as it was byte for byte, with no semaphore set beside it.

const t = require('tap')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { uniqueKey } = require('../helpers/keys')
const { uniqueNamed } = require('../helpers/memory')
const { peer } = require('../helpers/peer')
const { make, peek, poke, removeSegment } = require('../helpers/raw')
const { withSegment } = require('../helpers/segment')

const LAYOUT = { name: 'ShmError', code: 'ERR_SHM_LAYOUT' }

async function foreign (t, bytes, text, key = uniqueKey()) {
  await peer('foreign', key, bytes, text)
  t.teardown(() => peer('forget', key))
  return { key, bytes, id: kernel.under(key).segments[0].shmid }
}

async function isRefused (t, { key, id, bytes }, reference = key) {
  const before = await peek(id, 0, bytes)
  for (const options of [{}, { readOnly: true }, { create: false }, { capacity: 1 }, { owner: 'any' }]) {
    await t.rejects(shm.open(reference, options), LAYOUT, JSON.stringify(options))
  }
  await t.rejects(shm.open({ id }), LAYOUT)
  await t.rejects(shm.destroy(reference), LAYOUT)
  await t.rejects(shm.destroy({ id }), LAYOUT)
  t.ok((await peek(id, 0, bytes)).equals(before), 'not a byte is changed')
  t.equal(kernel.under(key).segments[0].shmid, id)
  t.equal(kernel.under(key).segments[0].nattch, 0, 'nobody is attached')
  t.strictSame(kernel.under(key).sets, [], 'no set was made')
}

t.test('another program\'s bytes', async t => {
  await isRefused(t, await foreign(t, 20_000, 'the bytes of a C program'))
})

t.test('smaller than a header', async t => {
  for (const bytes of [1, 8, 2048, 4095]) await isRefused(t, await foreign(t, bytes, 'x'))
})

t.test('nothing but zeros', async t => {
  await isRefused(t, await foreign(t, 20_000, ''))
  await isRefused(t, await foreign(t, 2048, ''))
})

t.test('under a name', async t => {
  const { name, key } = uniqueNamed()
  await isRefused(t, await foreign(t, 20_000, 'theirs', key), name)
})

t.test('almost our magic', async t => {
  await isRefused(t, await foreign(t, 20_000, 'SHMNODE2'))
  await isRefused(t, await foreign(t, 20_000, 'SHMNODE'))
})

t.test('our magic and no more is another layout version', async t => {
  const { key, id } = await foreign(t, 20_000, 'SHMNODE1')
  await t.rejects(shm.open(key), { ...LAYOUT, message: /layout 0\.0/ })
  await t.rejects(shm.open(key, { readOnly: true }), LAYOUT)
  t.strictSame(kernel.under(key).sets, [])
  t.equal(String(await peek(id, 0, 8)), 'SHMNODE1')
})

t.test('a foreign segment under our semaphore set', async t => {
  const segment = await withSegment(t)
  removeSegment(segment.id)
  await segment.close()
  const { sets: [{ semid }] } = kernel.under(segment.key)
  const id = await make(segment.key, 9000)
  await poke(id, 5000, [1])
  const before = await peek(id, 0, 9000)
  await t.rejects(shm.open(segment.key), { code: /ERR_SHM_(LAYOUT|CAPACITY)/ })
  t.ok((await peek(id, 0, 9000)).equals(before))
  t.equal(kernel.under(segment.key).sets[0].semid, semid)
  removeSegment(id)
})
