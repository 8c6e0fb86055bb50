'use strict'

// The lock for applications.

const t = require('tap')
const { Worker } = require('node:worker_threads')
const { setTimeout: sleep } = require('node:timers/promises')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { hold } = require('../helpers/peer')
const { removeSet, reset } = require('../helpers/raw')
const { another, withSegment } = require('../helpers/segment')

t.test('one at a time, in order', async t => {
  const segment = await withSegment(t)
  const order = []
  let inside = 0
  await Promise.all(Array.from({ length: 20 }, (_, i) => segment.withLock(async () => {
    t.equal(++inside, 1)
    order.push(i)
    await sleep(1)
    inside--
  })))
  t.strictSame(order, Array.from({ length: 20 }, (_, i) => i))
})

t.test('between handles of one process', async t => {
  const segment = await withSegment(t)
  const other = await another(t, segment.key)
  const lock = await segment.lock()
  t.equal(lock.held, true)
  await t.rejects(other.lock({ timeout: 30 }), { code: 'ERR_SHM_TIMEOUT', holderPid: process.pid, message: /30 ms: process \d+, this one, holds its user lock/ })
  await t.rejects(other.tryLock(), { code: 'ERR_SHM_BUSY', holderPid: process.pid, message: /is busy: process \d+, this one, holds its user lock$/ })
  const waiting = other.lock()
  await t.rejects(other.tryLock(), { code: 'ERR_SHM_BUSY' })
  await lock.release()
  await (await waiting).release()
  await (await segment.tryLock()).release()
})

t.test('release', async t => {
  const segment = await withSegment(t)
  const lock = await segment.lock()
  await lock.release()
  t.equal(lock.held, false)
  const other = await segment.lock()
  await lock.release()
  await lock[Symbol.asyncDispose]()
  t.equal(other.held, true, 'only its own')
  await other.release()
  t.equal(other.signal.aborted, false)
  t.throws(() => new lock.constructor(), { name: 'TypeError' })
})

t.test('it has nothing to do with reads and writes', async t => {
  const segment = await withSegment(t)
  const lock = await segment.lock()
  t.equal(await segment.write('x'), 1)
  t.equal(String(await segment.read()), 'x')
  await lock.release()
  await hold(t, segment.key)
  await (await segment.lock()).release()
})

t.test('withLock gives what the function gives, and releases whatever it does', async t => {
  const segment = await withSegment(t)
  t.equal(await segment.withLock(() => 42), 42)
  await t.rejects(segment.withLock(() => { throw new Error('sync') }), { message: 'sync' })
  await t.rejects(segment.withLock(async () => { throw new Error('async') }), { message: 'async' })
  await t.rejects(segment.withLock('no function'), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  await (await segment.tryLock()).release()
})

t.test('a killed holder holds no more', async t => {
  const segment = await withSegment(t)
  const holder = await hold(t, segment.key, 'user')
  await t.rejects(segment.lock({ timeout: 50 }), { code: 'ERR_SHM_TIMEOUT', holderPid: holder.pid })
  const waiting = segment.lock({ timeout: Infinity })
  await holder.kill()
  await (await waiting).release()
})

t.test('a worker thread that ends holds no more', async t => {
  const segment = await withSegment(t)
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    require(workerData.shmnode).open(workerData.key).then(segment => segment.lock()).then(() => parentPort.postMessage('held'))
    setInterval(() => {}, 1000)`
  const worker = new Worker(source, { eval: true, workerData: { shmnode: require.resolve('../..'), key: segment.key } })
  await new Promise(resolve => worker.once('message', resolve))
  await t.rejects(segment.tryLock(), { code: 'ERR_SHM_BUSY' })
  await worker.terminate()
  await (await segment.tryLock()).release()
})

t.test('close releases', async t => {
  const segment = await withSegment(t)
  const other = await another(t, segment.key)
  const lock = await other.lock()
  const { signal } = lock
  const late = t.rejects(other.lock(), { code: 'ERR_SHM_CLOSED' })
  await other.close()
  await late
  t.equal(lock.held, false)
  t.match(signal.reason, { code: 'ERR_SHM_CLOSED' })
  await (await segment.tryLock()).release()
})

t.test('a lost lock is told', async t => {
  const segment = await withSegment(t)
  const lost = segment.withLock(signal => new Promise((resolve, reject) => {
    const alive = setInterval(() => {}, 1000) // looking at a lock keeps no process alive
    signal.addEventListener('abort', () => {
      clearInterval(alive)
      reject(signal.reason)
    })
    removeSet(kernel.under(segment.key).sets[0].semid)
  }))
  await t.rejects(lost, { code: 'ERR_SHM_DESTROYED' })
})

t.test('who may not write may not lock', async t => {
  const segment = await withSegment(t)
  const reader = await another(t, segment.key, { readOnly: true })
  await t.rejects(reader.lock(), { code: 'ERR_SHM_READ_ONLY' })
})

t.test('a destroyed segment has none', async t => {
  const segment = await withSegment(t)
  const other = await another(t, segment.key)
  const lock = await other.lock()
  const waiting = t.rejects(segment.lock({ timeout: Infinity }), { code: /ERR_SHM_(DESTROYED|CLOSED)/ })
  await sleep(20)
  await segment.destroy()
  await waiting
  t.equal(lock.held, false)
  await t.rejects(other.lock(), { code: 'ERR_SHM_DESTROYED' })
})

t.test('forgotten, it stays held', async t => {
  const segment = await withSegment(t)
  const other = await another(t, segment.key)
  await other.lock()
  for (let i = 0; i < 3; i++) {
    global.gc?.()
    await sleep(1)
  }
  await t.rejects(segment.tryLock(), { code: 'ERR_SHM_BUSY' })
})

t.test('aborted while it waits', async t => {
  const segment = await withSegment(t)
  const lock = await segment.lock()
  const controller = new AbortController()
  const waiting = [segment.lock({ signal: controller.signal }), segment.lock({ signal: controller.signal })]
  await sleep(10)
  controller.abort()
  for (const call of waiting) await t.rejects(call, { name: 'AbortError' })
  await lock.release()
  await (await segment.lock({ timeout: 1000 })).release()
  await (await shm.open(segment.key)).close()
})

t.test('what somebody has reset is lost, also where another handle of this process has it by now', async t => {
  const segment = await withSegment(t)
  const other = await another(t, segment.key)
  const third = await another(t, segment.key)
  const lost = await segment.lock()
  const { signal } = lost
  await reset(kernel.under(segment.key).sets[0].semid)
  t.equal(lost.held, false)
  const lock = await other.tryLock()
  t.strictSame([lost.held, lock.held], [false, true])
  const told = signal.aborted // it is looked for all the while
  await lost.release()
  t.equal(lock.held, true, 'not released from under it')
  await t.rejects(third.tryLock(), { code: 'ERR_SHM_BUSY', holderPid: process.pid, message: /this one/ })
  t.equal(signal.aborted, told, 'it was released')
  await lock.release()
  await (await third.tryLock()).release()
})
