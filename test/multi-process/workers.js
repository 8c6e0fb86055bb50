'use strict'

// Worker threads: each has handles of its own, and may be terminated at any time.

const { once } = require('node:events')
const path = require('node:path')
const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const { Worker } = require('node:worker_threads')
const { FIXTURES } = require('../helpers/child')
const kernel = require('../helpers/kernel')
const { hold } = require('../helpers/peer')
const { rootOnly, run } = require('../helpers/run')
const { attachesOf, withSegment } = require('../helpers/segment')

/** How many workers are ended in the middle of everything: npm run test:long ends 1,000. */
const ENDS = Number(process.env.WORKER_ENDS ?? 64)

const start = (key, job, blocked) => new Worker(path.join(FIXTURES, 'worker.js'), { workerData: { key, job, blocked }, execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } })
const startAll = (count, key, job) => Promise.all(Array.from({ length: count }, async () => {
  const worker = start(key, job)
  const [message] = await once(worker, 'message')
  return { worker, message }
}))

t.test('one segment from the main thread and eight workers', async t => {
  const segment = await withSegment(t)
  await segment.write('0')
  const workers = startAll(8, segment.key, 'count')
  for (let i = 0; i < 50; i++) await segment.update(({ data }) => String(Number(data) + 1), { timeout: Infinity })
  t.ok((await workers).every(({ message }) => message === 'done'))
  t.equal(String(await segment.read()), '450')
  t.equal(segment.version, 451)
})

t.test('they share one attach', async t => {
  const segment = await withSegment(t, { capacity: 100_000 })
  const workers = await startAll(8, segment.key, 'forEver')
  t.ok((await segment.stat()).attached < 10, 'but for those that are opening it just now')
  await Promise.all(workers.map(({ worker }) => worker.terminate()))
  const idle = await startAll(8, segment.key, 'idle')
  t.equal(await attachesOf(segment, 1), 1)
  await segment.close()
  t.equal(kernel.under(segment.key).segments[0].nattch, 1, 'it is theirs too')
  await Promise.all(idle.map(({ worker }) => worker.terminate()))
  t.equal(kernel.under(segment.key).segments[0].nattch, 0)
})

t.test('terminated while calls are in flight', async t => {
  const segment = await withSegment(t, { capacity: 100_000 })
  for (let round = 0; round < 3; round++) {
    const workers = await startAll(8, segment.key, 'forEver')
    for (const { worker } of workers) {
      await sleep(Math.random() * 5)
      await worker.terminate()
      t.type(await segment.write('the main thread goes on'), 'number')
      t.ok([23, 1, 100_000].includes((await segment.read()).length))
    }
  }
  t.equal(await attachesOf(segment, 1), 1, 'nothing of theirs is attached')
})

t.test(`${ENDS} ended in the middle of everything`, async t => {
  const segment = await withSegment(t, { capacity: 100_000 })
  const blocked = await withSegment(t)
  const holders = await Promise.all(['exclusive', 'user'].map(how => hold(t, blocked.key, how)))
  let left = ENDS
  const endMany = async () => {
    while (left-- > 0) {
      const worker = start(segment.key, 'everything', blocked.key)
      // One half at any time of their beginning, the other in full swing.
      if (left % 2 === 0) await once(worker, 'message')
      await sleep(Math.random() * (left % 2 === 0 ? 30 : 300))
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: 8 }, endMany))
  t.comment(`${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB resident`)
  const lock = await segment.lock()
  t.type(await segment.write('the locks are free'), 'number')
  await lock.release()
  t.equal(await attachesOf(segment, 1), 1, 'nothing of theirs is attached')
  t.equal(await attachesOf(blocked, 1), 1 + holders.length, 'but the holders are')
  t.equal(blocked.version, 0, 'nothing was had')
  await Promise.all(holders.map(holder => holder.kill()))
})

t.test('terminated while waiting for a lock', async t => {
  const segment = await withSegment(t)
  const holder = await hold(t, segment.key)
  const workers = await startAll(8, segment.key, 'wait')
  await Promise.all(workers.map(({ worker }) => worker.terminate()))
  t.strictSame(await segment.read(), Buffer.alloc(0))
  await holder.kill()
  t.type(await segment.write('x', { timeout: Infinity }), 'number')
})

t.test('process.exit() in a worker with calls under way', async t => {
  const segment = await withSegment(t)
  const workers = Array.from({ length: 8 }, () => start(segment.key, 'abandon'))
  const codes = await Promise.all(workers.map(worker => once(worker, 'exit')))
  t.strictSame(codes.flat(), Array(8).fill(0))
  t.type(await segment.write('x'), 'number')
})

t.test('a private segment that is made when its worker is gone', rootOnly, async t => {
  const left = await run(async (shm, file) => {
    const { once } = require('node:events')
    const fs = require('node:fs')
    const { Worker } = require('node:worker_threads')
    const segment = await shm.open(1)
    const workers = Array.from({ length: 4 }, () => new Worker(file, { workerData: { key: 1, job: 'forget' } }))
    await Promise.all(workers.map(worker => once(worker, 'exit')))
    await segment.destroy()
    return ['shm', 'sem'].map(kind => fs.readFileSync(`/proc/sysvipc/${kind}`, 'utf8').trim().split('\n').length - 1)
  }, [path.join(FIXTURES, 'worker.js')], { shell: 'true' })
  t.strictSame(left, [0, 0], 'goes with it, and its set too')
})

t.test('the addon is needed by workers only', async t => {
  const segment = await withSegment(t)
  const message = await run((shm, key, file) => new Promise((resolve, reject) => {
    const { Worker } = require('node:worker_threads')
    const worker = new Worker(file, { workerData: { key, job: 'count' } })
    worker.on('message', resolve).on('error', reject)
  }), [segment.key, path.join(FIXTURES, 'worker.js')])
  t.equal(message, 'done')
  t.equal(String(await segment.read()), '50')
})

t.test('handles collected with calls pending', async t => {
  const segment = await withSegment(t)
  const left = await run(async (shm, key) => {
    const calls = []
    for (let i = 0; i < 200; i++) {
      const other = await shm.open(key)
      calls.push(other.write(String(i)), other.read())
      if (i % 20 === 0) global.gc()
    }
    await Promise.all(calls)
    calls.length = 0
    for (let i = 0; i < 10; i++) {
      await new Promise(resolve => setTimeout(resolve, 10))
      global.gc()
    }
    return (await shm.open(key)).version
  }, [segment.key], { execArgv: ['--expose-gc'] })
  t.equal(left, 200)
  t.equal(await attachesOf(segment, 1), 1)
})
