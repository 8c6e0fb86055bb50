'use strict'

// Memory of large results: used again, but never while somebody has it.

const path = require('node:path')
const t = require('tap')
const { FIXTURES, child } = require('../helpers/child')
const { run } = require('../helpers/run')
const { withSegment } = require('../helpers/segment')

const MIB = 1024 * 1024
const collect = { execArgv: ['--expose-gc'] }
/** npm run test:long makes 100,000. */
const READS = Number(process.env.LARGE_READS ?? 20_000)

t.test(`${READS} reads of 1 MiB leave the memory flat`, async t => {
  const segment = await withSegment(t, { capacity: MIB })
  await segment.write(Buffer.alloc(MIB, 1))
  const curve = await run(async (shm, key, reads) => {
    const segment = await shm.open(key)
    const curve = []
    for (let i = 0; i <= reads; i++) {
      if (i % (reads / 20) === 0) curve.push(Math.round(process.memoryUsage.rss() / 1024 / 1024))
      await segment.read()
    }
    return curve
  }, [segment.key, READS])
  t.comment(`resident MiB: ${curve.join(' ')}`)
  const [early, late] = [Math.max(...curve.slice(1, 11)), Math.max(...curve.slice(11))]
  t.ok(late < curve[0] + 200, `at most ${late - curve[0]} MiB more than at the beginning`)
  t.ok(late < early + 50, 'and no more in the second half')
})

t.test('also without an end of the turn, 64 at once, and of all sizes', async t => {
  const segment = await withSegment(t, { capacity: 8 * MIB })
  const peak = await run(async (shm, key) => {
    const segment = await shm.open(key)
    let peak = 0
    const look = () => { peak = Math.max(peak, process.memoryUsage.rss() / 1024 / 1024) }
    await segment.write(Buffer.alloc(1024 * 1024, 1))
    for (let i = 0; i < 2000; i++) {
      segment.readSync()
      if (i % 100 === 0) look()
    }
    for (let i = 0; i < 10; i++) {
      await Promise.all(Array.from({ length: 64 }, () => segment.read()))
      look()
    }
    for (let i = 0; i < 300; i++) {
      await segment.write(Buffer.alloc(1 + (i * 7919) % 2 ** 23))
      await segment.read()
      if (i % 50 === 0) look()
    }
    return peak
  }, [segment.key])
  t.ok(peak < 700, `${peak.toFixed(0)} MiB at most`)
})

t.test('nobody gets memory that somebody else has', async t => {
  const segment = await withSegment(t, { capacity: MIB })
  const bad = await run(async (shm, key) => {
    const segment = await shm.open(key)
    const held = new Map()
    let bad = 0
    for (let i = 1; i <= 1000; i++) {
      const length = 65536 + (i * 104729) % 900_000
      await segment.write(Buffer.alloc(length, i % 251))
      const results = [await segment.read(), segment.readSync(), (await segment.snapshot()).data]
      for (const result of results) {
        if (result.length !== length || result.buffer.byteLength !== length || !result.equals(Buffer.alloc(length, i % 251))) bad++
      }
      held.set(i % 60, { result: results[i % 3], byte: i % 251 })
      if (i % 500 === 0) global.gc()
    }
    for (const { result, byte } of held.values()) if (!result.equals(Buffer.alloc(result.length, byte))) bad++
    return bad
  }, [segment.key], collect)
  t.equal(bad, 0)
})

t.test('of what is idle, 64 MiB are kept at most', async t => {
  const segment = await withSegment(t, { capacity: MIB })
  await segment.write(Buffer.alloc(MIB, 1))
  const [before, full, after] = await run(async (shm, key) => {
    const segment = await shm.open(key)
    const resident = () => Number(/RssAnon:\s+(\d+)/.exec(require('node:fs').readFileSync('/proc/self/status'))[1]) / 1024
    const before = resident()
    const held = []
    for (let i = 0; i < 300; i++) held.push(await segment.read())
    const full = resident()
    held.length = 0
    for (let tries = 0; tries < 100 && resident() > before + 100; tries++) { // the collector works on threads of its own
      global.gc()
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    return [before, full, resident()]
  }, [segment.key], collect)
  t.ok(full > before + 290 && after < before + 100, [before, full, after].map(Math.round).join(', '))
})

t.test('what was idle for a while is given back', async t => {
  const segment = await withSegment(t, { capacity: 16 * MIB })
  const [full, rested] = await run(async (shm, key) => {
    const segment = await shm.open(key)
    await segment.write(Buffer.alloc(16 * 1024 * 1024, 1))
    await Promise.all(Array.from({ length: 4 }, () => segment.read()))
    const resident = () => Number(/RssAnon:\s+(\d+)/.exec(require('node:fs').readFileSync('/proc/self/status'))[1]) / 1024
    const full = resident()
    for (let i = 0; i < 100 && resident() > full - 50; i++) {
      global.gc()
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    return [full, resident()]
  }, [segment.key], collect)
  t.ok(rested < full - 30, `${full} MiB, then ${rested} MiB`)
})

t.test('what is given back keeps no process alive', async t => {
  const segment = await withSegment(t, { capacity: MIB })
  await segment.write(Buffer.alloc(MIB))
  t.equal(await run(async (shm, key) => (await (await shm.open(key)).read()).length, [segment.key]), MIB)
})

t.test('results may be transferred, cloned and outlive their thread', async t => {
  const segment = await withSegment(t, { capacity: MIB })
  await segment.write(Buffer.alloc(MIB, 7))
  const seen = await run(async (shm, key, file) => {
    const { once } = require('node:events')
    const { MessageChannel, Worker } = require('node:worker_threads')
    const segment = await shm.open(key)
    const seven = bytes => bytes.length === 1024 * 1024 && bytes.every(byte => byte === 7)
    const result = await segment.read()
    const moved = new Uint8Array(structuredClone(result.buffer, { transfer: [result.buffer] }))
    const { port1, port2 } = new MessageChannel()
    const another = await segment.read()
    port1.postMessage(another, [another.buffer])
    const [received] = await once(port2, 'message')
    port1.close()
    const worker = new Worker(file, { workerData: { key, job: 'hand' } })
    const [handed] = await once(worker, 'message')
    await worker.terminate()
    for (let i = 0; i < 200; i++) await segment.read()
    global.gc()
    const { buffer } = await segment.read()
    const longer = buffer.transfer?.(2 * 1024 * 1024).byteLength ?? 2 * 1024 * 1024
    return [result.length, another.length, seven(moved), seven(received), seven(handed), longer]
  }, [segment.key, path.join(FIXTURES, 'worker.js')], collect)
  t.strictSame(seen, [0, 0, true, true, true, 2 * MIB])
})

t.test('a result that outlives the addon\'s only thread', async t => {
  const segment = await withSegment(t, { capacity: MIB })
  await segment.write(Buffer.alloc(MIB, 7))
  const script = child(t, 'outlive.js', [segment.key], collect)
  t.equal(await script.line(), 'alive')
  t.match(await script.ended, { code: 0, signal: null })
})

t.test('without the pool, as in Electron', async t => {
  const segment = await withSegment(t, { capacity: MIB })
  await segment.write(Buffer.alloc(MIB, 7))
  const same = await run(async (shm, key) => {
    const segment = await shm.open(key)
    const whole = Buffer.alloc(1024 * 1024, 7)
    return [await segment.read(), segment.readSync()].every(result => result.equals(whole))
  }, [segment.key], { execArgv: ['--require', path.join(FIXTURES, 'no-pool.js')] })
  t.ok(same)
})
