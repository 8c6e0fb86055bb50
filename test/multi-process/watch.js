'use strict'

// Watching what other processes commit, and leaving while watching.

const { once } = require('node:events')
const path = require('node:path')
const t = require('tap')
const { Worker } = require('node:worker_threads')
const { FIXTURES, child, start } = require('../helpers/child')
const { PEER, peer, startPeer } = require('../helpers/peer')
const { another, attachesOf, withSegment } = require('../helpers/segment')

t.test('C++ commits, Node.js follows', async t => {
  const bytes = 64
  const segment = await withSegment(t, { capacity: bytes })
  const reader = await another(t, segment.key, { readOnly: true })
  const { counterOf } = require('../helpers/pattern')
  const writers = [startPeer(t, 'storm-write', segment.key, bytes, 5000), startPeer(t, 'storm-write', segment.key, bytes, 5000)]
  let last = 0
  for await (const { data, version } of reader.watch({ from: 0 })) {
    if (version <= last) t.fail(`version ${version} after ${last}`)
    if (counterOf(data) === null) t.fail(`torn at version ${version}`)
    last = version
    if (version === 10_000) break
  }
  for (const { ended } of writers) t.match(await ended, { code: 0 })
  t.equal(last, 10_000, 'up to the last one')
})

t.test('Node.js commits, C++ follows', async t => {
  const segment = await withSegment(t)
  const follower = startPeer(t, 'follow', segment.key, 50)
  t.equal(await follower.line(), 'following')
  for (let i = 1; i <= 50; i++) {
    segment.writeSync(`value ${i}`)
    t.equal(await follower.line(), `${i} value ${i}`)
  }
  t.match(await follower.ended, { code: 0 })
})

t.test('one process answers the other', async t => {
  const segment = await withSegment(t)
  const follower = child(t, 'watching.js', [segment.key, 'follow'])
  t.equal(await follower.line(), 'watching')
  await new Promise(resolve => setTimeout(resolve, 100))
  for (let i = 0; i < 100; i++) {
    segment.writeSync(String(i))
    t.equal(await follower.line(), String(i))
  }
})

t.test('a writer killed between commit and wake', async t => {
  const segment = await withSegment(t)
  await segment.write('before')
  const watch = segment.watch()
  const next = watch.next()
  const call = segment.snapshot({ newerThan: 1 })
  await t.rejects(peer('die-after-commit', segment.key, 'its last words'), { signal: 'SIGKILL' })
  t.match(await next, { value: { data: Buffer.from('its last words'), version: 2 } })
  t.match(await call, { version: 2 })
  const after = watch.next()
  t.equal(await segment.write('after', { timeout: Infinity }), 3)
  t.match(await after, { value: { version: 3 } })
})

t.test('without futex_waitv', async t => {
  const segment = await withSegment(t)
  const follower = start(t, PEER, ['without-waitv', process.execPath, path.join(FIXTURES, 'watching.js'), segment.key, 'follow'])
  t.equal(await follower.line(), 'watching')
  await new Promise(resolve => setTimeout(resolve, 100))
  for (let i = 0; i < 50; i++) {
    segment.writeSync(String(i))
    t.equal(await follower.line(), String(i))
  }
})

const ends = [
  ['exit', { code: 7, signal: null }],
  ['throw', { code: 1, signal: null, stderr: /uncaught/ }],
  ['reject', { code: 1, signal: null, stderr: /unhandled/ }],
  ['SIGTERM', { code: null, signal: 'SIGTERM' }],
  ['SIGTERM handled', { code: 8, signal: null }],
  ['abort', { code: null, signal: 'SIGKILL' }],
  ['worker', { code: 9, signal: null }]
]

for (const [how, end] of ends) {
  t.test(`leaves by ${how} while it watches`, async t => {
    const segment = await withSegment(t)
    t.match(await child(t, 'watching.js', [segment.key, how]).ended, end)
    t.type(await segment.write('it goes on'), 'number')
    t.equal(await attachesOf(segment, 1), 1)
  })
}

t.test('workers terminated while they watch', async t => {
  const segment = await withSegment(t)
  for (let round = 0; round < 5; round++) {
    const workers = Array.from({ length: 4 }, () => new Worker(path.join(FIXTURES, 'worker.js'), {
      workerData: { key: segment.key, job: 'watch' }, execArgv: [], env: { ...process.env, NODE_OPTIONS: '' }
    }))
    await Promise.all(workers.map(worker => once(worker, 'message')))
    const noise = setInterval(() => segment.writeSync(Buffer.alloc(round * 500)), 0)
    for (const worker of workers) await worker.terminate()
    clearInterval(noise)
  }
  t.equal(await attachesOf(segment, 1), 1, 'nothing of theirs is attached')
})
