'use strict'

// POSIX named semaphores as the lock of raw segments.

const fs = require('node:fs')
const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { uniqueKey } = require('../helpers/keys')
const { isPosix, systemVOnly } = require('../helpers/memory')
const { classic, classicHolder } = require('../helpers/peer')
const { asUser, rootOnly, NOBODY } = require('../helpers/run')
const { another, withSegment } = require('../helpers/segment')

const pathOf = semaphore => `/dev/shm/sem.${semaphore.slice(1)}`

/** A name that nobody else has, unlinked when the test ends. */
function uniqueSemaphore (t) {
  const name = `/shmnode-t-${uniqueKey()}`
  t.teardown(() => fs.rmSync(pathOf(name), { force: true }))
  return name
}

const guarded = (t, semaphore, options) => withSegment(t, { layout: 'raw', nulTerminated: true, semaphore, ...options })
const again = (t, { key }, semaphore) => another(t, key, { layout: 'raw', nulTerminated: true, semaphore })

t.test('made free where there is none', async t => {
  const semaphore = uniqueSemaphore(t)
  await t.rejects(shm.open(uniqueKey(), { layout: 'raw', semaphore, create: false }), { code: 'ERR_SHM_NOT_FOUND' })
  const segment = await guarded(t, semaphore, { mode: 0o640 })
  t.equal(fs.statSync(pathOf(semaphore)).mode & 0o777, 0o640)
  t.strictSame(kernel.under(segment.key).sets, [], 'there is no set')
  await segment.write('text')
  t.equal(String(await segment.read()), 'text')
  segment.writeSync('now')
  t.equal(String(segment.readSync()), 'now')
  await segment.destroy()
  t.ok(fs.existsSync(pathOf(semaphore)), 'never removed')
})

t.test('create: false wants both', async t => {
  const semaphore = uniqueSemaphore(t)
  const segment = await withSegment(t, { layout: 'raw' })
  await t.rejects(shm.open(segment.key, { layout: 'raw', semaphore, create: false }), { code: 'ERR_SHM_NOT_FOUND', message: /no such semaphore/ })
  await (await again(t, segment, semaphore)).close()
  await another(t, segment.key, { layout: 'raw', semaphore, create: false })
})

t.test('a value above 1 is no lock', async t => {
  const semaphore = uniqueSemaphore(t)
  const segment = await guarded(t, semaphore)
  const bytes = fs.readFileSync(pathOf(semaphore))
  const setValue = value => fs.writeFileSync(pathOf(semaphore), Buffer.concat([Buffer.from([value]), bytes.subarray(1)]), { flag: 'r+' })
  t.equal(bytes[0], 1, 'where glibc has the value')
  const UNSUPPORTED = { code: 'ERR_SHM_UNSUPPORTED', message: /counts further than 1/ }
  setValue(2)
  await t.rejects(again(t, segment, semaphore), UNSUPPORTED)
  await t.rejects(segment.read(), UNSUPPORTED, 'one that was released twice')
  await t.rejects(segment.write('x'), UNSUPPORTED)
  t.throws(() => segment.writeSync('x'), UNSUPPORTED)
  t.equal(fs.readFileSync(pathOf(semaphore))[0], 2, 'it was given back')
  fs.writeFileSync(pathOf(semaphore), Buffer.alloc(bytes.length, 0xff))
  await t.rejects(again(t, segment, semaphore), UNSUPPORTED, 'further than a semaphore can')
  fs.writeFileSync(pathOf(semaphore), bytes)
  await segment.write('set right')
  setValue(0)
  await t.rejects((await again(t, segment, semaphore)).read({ timeout: 10 }), { code: 'ERR_SHM_TIMEOUT' }, 'held')
  setValue(1)
})

t.test('what is no semaphore', async t => {
  const semaphore = uniqueSemaphore(t)
  for (const bytes of [0, 1, 31]) {
    fs.writeFileSync(pathOf(semaphore), Buffer.alloc(bytes))
    await t.rejects(shm.open(uniqueKey(), { layout: 'raw', semaphore }), { code: 'ERR_SHM_CORRUPT', message: /semaphore/ }, `${bytes} bytes`)
  }
})

t.test('another program has it', async t => {
  const semaphore = uniqueSemaphore(t)
  const segment = await guarded(t, semaphore)
  const holder = await classicHolder(t, segment.key, semaphore)
  const TIMEOUT = { code: 'ERR_SHM_TIMEOUT', holderPid: undefined, message: /semaphore is taken, perhaps by a process that has died/ }
  for (const timeout of [0, 120]) {
    await t.rejects(segment.write('x', { timeout }), TIMEOUT)
    await t.rejects(segment.read({ timeout }), TIMEOUT, 'readers are kept out, too')
    await t.rejects(segment.destroy({ timeout }), TIMEOUT)
  }
  t.throws(() => segment.readSync(), { code: 'ERR_SHM_BUSY' })
  t.throws(() => segment.writeSync('x'), { code: 'ERR_SHM_BUSY' })
  await holder.kill()
  await t.rejects(segment.write('x', { timeout: 100 }), TIMEOUT, 'a killed holder has it for ever')
  if (isPosix) return // it uses System V segments alone
  t.teardown(() => fs.rmSync(pathOf(`/shmnode-t-${segment.key}`))) // of its own, which that program makes
  t.equal(await classic(segment.key, 'read'), '\n', 'programs that do not ask go on')
})

t.test('calls that wait', async t => {
  const semaphore = uniqueSemaphore(t)
  const segment = await guarded(t, semaphore)
  const bytes = fs.readFileSync(pathOf(semaphore))
  fs.writeFileSync(pathOf(semaphore), Buffer.concat([Buffer.alloc(1), bytes.subarray(1)]), { flag: 'r+' })
  const controller = new AbortController()
  const aborted = t.rejects(segment.write('x', { signal: controller.signal, timeout: Infinity }), { name: 'AbortError' })
  await sleep(120)
  controller.abort()
  await aborted
  const order = []
  const calls = Array.from({ length: 5 }, (_, i) => segment.write(String(i), { timeout: Infinity }).then(() => order.push(i)))
  const other = await again(t, segment, semaphore)
  const closing = t.rejects(other.read({ timeout: Infinity }), { code: 'ERR_SHM_CLOSED' })
  await sleep(120)
  await other.close()
  await closing
  fs.writeFileSync(pathOf(semaphore), bytes, { flag: 'r+' }) // looks free, and nobody was woken: the sweep and the next slice find out
  await Promise.all(calls)
  t.strictSame(order, [0, 1, 2, 3, 4])
  t.equal(String(await segment.read()), '4')
})

t.test('there is no lock for applications', async t => {
  const segment = await guarded(t, uniqueSemaphore(t))
  const UNSUPPORTED = { code: 'ERR_SHM_UNSUPPORTED', message: /one lock, which reads and writes take/ }
  await t.rejects(segment.lock(), UNSUPPORTED)
  await t.rejects(segment.tryLock(), UNSUPPORTED)
  await t.rejects(segment.withLock(() => t.fail('not called')), UNSUPPORTED)
})

t.test('a segment without a key', systemVOnly, async t => {
  const semaphore = uniqueSemaphore(t)
  const segment = await shm.open(shm.PRIVATE, { layout: 'raw', semaphore, nulTerminated: true })
  t.teardown(() => segment.destroy())
  const other = await another(t, { id: segment.id }, { layout: 'raw', semaphore, nulTerminated: true })
  await segment.write('by id')
  t.equal(String(await other.read()), 'by id')
  t.equal(segment.key, null)
})

t.test('one that nobody was told of is gone, also while somebody has the semaphore', systemVOnly, async t => {
  const semaphore = uniqueSemaphore(t)
  const key = uniqueKey()
  t.teardown(() => shm.destroy(key, { layout: 'raw' }))
  await classicHolder(t, key, semaphore)
  await t.rejects(shm.open(shm.PRIVATE, { layout: 'raw', semaphore, signal: AbortSignal.abort() }), { name: 'AbortError' })
  const controller = new AbortController()
  const opening = shm.open(shm.PRIVATE, { layout: 'raw', semaphore, capacity: 77, signal: controller.signal })
  const ours = () => kernel.segments().some(({ size, cpid }) => size === 77 && cpid === process.pid)
  process.nextTick(() => controller.abort())
  await t.rejects(opening, { name: 'AbortError' })
  while (ours()) await sleep(5)
  await sleep(50)
  t.notOk(ours())
})

t.test('another user\'s', rootOnly, async t => {
  const semaphore = uniqueSemaphore(t)
  const segment = await withSegment(t, { layout: 'raw', mode: 0o666 })
  await asUser(NOBODY, (shm, key, semaphore) => shm.open(key, { layout: 'raw', semaphore, mode: 0o666 }).then(() => {}), segment.key, semaphore)
  t.equal(fs.statSync(pathOf(semaphore)).uid, NOBODY)
  await t.rejects(shm.open(segment.key, { layout: 'raw', semaphore }), { code: 'ERR_SHM_OWNER', message: /user 65534/ })
  await another(t, segment.key, { layout: 'raw', semaphore, owner: NOBODY })
  const ours = uniqueSemaphore(t)
  await again(t, segment, ours)
  await t.rejects(asUser(NOBODY, (shm, key, semaphore) => shm.open(key, { layout: 'raw', semaphore }), segment.key, ours), { code: 'ERR_SHM_ACCESS' })
})
