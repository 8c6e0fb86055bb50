'use strict'

const t = require('tap')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { systemVOnly } = require('../helpers/memory')
const { hold, peer } = require('../helpers/peer')
const { OFFSETS, peek, removeSegment, removeSet } = require('../helpers/raw')
const { another, reservedKey, withSegment } = require('../helpers/segment')

const DESTROYED = { name: 'ShmError', code: 'ERR_SHM_DESTROYED' }

async function allRefuse (t, segment) {
  await t.rejects(segment.read(), DESTROYED)
  await t.rejects(segment.snapshot(), DESTROYED)
  await t.rejects(segment.readInto(Buffer.alloc(9)), DESTROYED)
  await t.rejects(segment.write('x'), DESTROYED)
  await t.rejects(segment.update(() => 'x'), DESTROYED)
  await t.rejects(segment.stat(), DESTROYED)
  await t.rejects(segment.destroy(), DESTROYED)
  t.throws(() => segment.readSync(), DESTROYED)
  t.throws(() => segment.snapshotSync(), DESTROYED)
  t.throws(() => segment.readIntoSync(Buffer.alloc(9)), DESTROYED)
  t.throws(() => segment.writeSync('x'), DESTROYED)
}

t.test('segment.destroy()', async t => {
  const segment = await withSegment(t)
  const other = await another(t, segment.key)
  await segment.write('x')
  t.equal(await segment.destroy(), undefined)
  t.ok(kernel.isFree(segment.key))
  await t.rejects(segment.read(), { code: 'ERR_SHM_CLOSED' }, 'its own handle is closed')
  await allRefuse(t, other)
  await other.close()
  t.notOk(kernel.segments().some(({ shmid }) => shmid === segment.id), 'gone with the last handle')
})

t.test('only of the version that is meant', async t => {
  const segment = await withSegment(t)
  const other = await another(t, segment.key)
  await segment.write('one')
  await t.rejects(segment.destroy({ ifVersion: 0 }), { code: 'ERR_SHM_VERSION_CONFLICT', version: 1, message: /is at version 1, not 0/ })
  t.equal(String(await segment.read()), 'one', 'the handle and the value are as they were')
  for (const ifVersion of [-1, 1.5, NaN]) await t.rejects(segment.destroy({ ifVersion }), { code: 'ERR_OUT_OF_RANGE' })
  const writes = Array.from({ length: 20 }, (_, i) => other.write(`${i}`).catch(error => error.code))
  const destroyed = await Promise.allSettled(Array.from({ length: 5 }, (_, i) => segment.destroy({ ifVersion: 5 + i })))
  const outcomes = await Promise.all(writes)
  const last = Math.max(1, ...outcomes.filter(outcome => typeof outcome === 'number'))
  for (const { status, reason } of destroyed) t.ok(status === 'fulfilled' || /VERSION_CONFLICT|CLOSED|DESTROYED/.test(reason.code))
  if (destroyed.some(({ status }) => status === 'fulfilled')) {
    t.equal(destroyed[last - 5].status, 'fulfilled', 'nothing was written between the check and the end')
  } else {
    await segment.destroy({ ifVersion: last })
  }
  t.ok(kernel.isFree(segment.key))
})

t.test('by another process, while attached', async t => {
  const segment = await withSegment(t)
  await segment.write('old')
  await peer('destroy', segment.key)
  await allRefuse(t, segment)
  const anew = await withSegment(t, { reference: segment.key })
  t.not(anew.incarnation, segment.incarnation)
  t.not(anew.id, segment.id)
  t.equal(anew.version, 0)
  await anew.write('new')
  await allRefuse(t, segment)
  t.equal(String(await anew.read()), 'new')
})

t.test('twice, and at the same time', async t => {
  const key = reservedKey(t)
  const segment = await shm.open(key)
  const results = await Promise.allSettled([shm.destroy(key), shm.destroy(key), segment.destroy(), shm.destroy({ id: segment.id })])
  t.ok(kernel.isFree(key))
  t.ok(results.some(({ status }) => status === 'fulfilled'))
  for (const { reason } of results) if (reason) t.match(reason.code, /NOT_FOUND|DESTROYED/)
  await segment.close()
})

t.test('waits for the lock', async t => {
  const segment = await withSegment(t)
  const { pid } = await hold(t, segment.key)
  const error = { code: 'ERR_SHM_TIMEOUT', holderPid: pid, message: new RegExp(`process ${pid}`) }
  await t.rejects(shm.destroy(segment.key, { timeout: 80 }), error)
  await t.rejects(shm.destroy(segment.key, { timeout: 0 }), error)
  await t.rejects(segment.destroy({ timeout: 80 }), error)
  t.strictSame(await segment.read(), Buffer.alloc(0), 'nothing has happened')
})

t.test('wakes who waits for the lock', async t => {
  const segment = await withSegment(t)
  const holder = await hold(t, segment.key)
  const waiting = segment.write('x', { timeout: Infinity })
  const refused = t.rejects(waiting, DESTROYED)
  const destroying = shm.destroy(segment.key, { timeout: Infinity })
  await new Promise(resolve => setTimeout(resolve, 70))
  removeSet(kernel.under(segment.key).sets[0].semid)
  await refused
  await destroying
  await holder.kill()
  t.ok(kernel.isFree(segment.key))
})

t.test('a semaphore set removed by somebody else', async t => {
  const segment = await withSegment(t)
  await segment.write('x')
  removeSet(kernel.under(segment.key).sets[0].semid)
  await t.rejects(segment.write('y'), DESTROYED)
  t.throws(() => segment.writeSync('y'), DESTROYED)
  await shm.destroy(segment.key)
  t.ok(kernel.isFree(segment.key), 'destroy clears it away')
  await allRefuse(t, segment)
})

t.test('a segment removed by somebody else', async t => {
  const segment = await withSegment(t)
  await segment.write('old')
  removeSegment(segment.id)
  await t.rejects(segment.read(), DESTROYED)
  await t.rejects(segment.snapshot(), DESTROYED)
  const anew = await withSegment(t, { reference: segment.key })
  t.not(anew.incarnation, segment.incarnation)
  await t.rejects(segment.write('into the old one'), DESTROYED)
  t.throws(() => segment.writeSync('into the old one'), DESTROYED)
  t.equal(anew.version, 0)
})

t.test('both removed at once', async t => {
  const segment = await withSegment(t)
  removeSegment(segment.id)
  removeSet(kernel.under(segment.key).sets[0].semid)
  await t.rejects(segment.write('x'), DESTROYED)
  await t.rejects(segment.read(), DESTROYED)
  const anew = await withSegment(t, { reference: segment.key })
  t.equal(await anew.write('x'), 1)
})

t.test('create, lock and destroy in a loop', async t => {
  const key = reservedKey(t)
  const seen = new Set()
  for (let i = 0; i < 200; i++) {
    const segment = await shm.open(key)
    seen.add(segment.incarnation)
    t.equal(segment.writeSync(String(i)), 1)
    await segment.destroy()
  }
  t.equal(seen.size, 200)
  t.ok(kernel.isFree(key))
})

t.test('ipcrm of the segment: nothing is written to where nobody would look', async t => {
  const segment = await withSegment(t)
  await segment.write('old')
  removeSegment(segment.id)
  const error = { code: 'ERR_SHM_DESTROYED' }
  await t.rejects(segment.write('lost'), error)
  await t.rejects(segment.read(), error)
  await t.rejects(segment.stat(), error)
  await t.rejects(segment.lock(), error)
  await t.rejects(segment.tryLock(), error)
})

t.test('ipcrm of the set: the message says what to do, and that helps', async t => {
  const segment = await withSegment(t)
  await segment.write('kept')
  removeSet(kernel.under(segment.key).sets[0].semid)
  const error = { ...DESTROYED, message: /open it again/ }
  await t.rejects(segment.write('x'), error)
  t.throws(() => segment.writeSync('x'), error)
  const anew = await another(t, segment.key)
  t.equal(String(await anew.read()), 'kept')
  t.equal(await anew.write('next'), 2)
})

t.test('ipcrm of the set of a private segment', systemVOnly, async t => {
  const segment = await withSegment(t, { reference: shm.PRIVATE })
  removeSet((await peek(segment.id, OFFSETS.semaphores, 4)).readInt32LE())
  await t.rejects(shm.open({ id: segment.id }), { ...DESTROYED, message: /shm\.destroy\(\)/ })
  await shm.destroy({ id: segment.id })
  await allRefuse(t, segment)
})
