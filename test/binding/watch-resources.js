'use strict'

// What a watch takes: processor time, threads, memory, and the life of its process.

const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const { startPeer } = require('../helpers/peer')
const { run } = require('../helpers/run')
const { withSegment } = require('../helpers/segment')

t.test('wakes for nothing do not keep a thread busy', async t => {
  const segment = await withSegment(t)
  startPeer(t, 'disturb', segment.key)
  const used = await run(async (shm, key) => {
    const segment = await shm.open(key)
    const next = segment.watch().next()
    await new Promise(resolve => setTimeout(resolve, 100))
    const before = process.cpuUsage()
    await new Promise(resolve => setTimeout(resolve, 1000))
    const { user, system } = process.cpuUsage(before)
    await segment.write('x')
    return { used: (user + system) / 1000, version: (await next).value.version }
  }, [segment.key])
  t.ok(used.used < 300, `${used.used} ms of processor time in a second`)
  t.equal(used.version, 1, 'and what counts is seen')
})

t.test('the end of a watch is heard of, though it is collected meanwhile', async t => {
  const segment = await withSegment(t)
  const closed = await run(async (shm, key) => {
    let closed = 0
    for (let i = 0; i < 100; i++) {
      const segment = await shm.open(key)
      segment.watch().next()
      const closing = segment.close()
      global.gc()
      await closing
      closed++
    }
    return closed
  }, [segment.key], { execArgv: ['--expose-gc'] })
  t.equal(closed, 100)
})

t.test('the process lives while somebody waits, and no longer', async t => {
  const segment = await withSegment(t)
  const key = segment.key
  t.equal(await run(async (shm, key) => {
    const watch = (await shm.open(key)).watch({ from: 0 })
    const next = watch.next()
    await (await shm.open(key)).write('x')
    await next // and then the process ends, with the watch open
    return 'ended'
  }, [key]), 'ended')
  const { child } = require('../helpers/child')
  const waiting = child(t, 'watching.js', [key, 'wait'])
  await waiting.line()
  await sleep(200)
  t.equal(waiting.process.exitCode, null, 'it waits')
  segment.writeSync('now')
  t.equal(await waiting.line(), 'now')
  t.match(await waiting.ended, { code: 0, signal: null })
})

t.test('300 watched segments take no more than four threads', async t => {
  const { threads, versions } = await run(async (shm, first) => {
    const fs = require('node:fs')
    const watchers = () => fs.readdirSync('/proc/self/task').filter(task => {
      try { return fs.readFileSync(`/proc/self/task/${task}/comm`, 'utf8') === 'shmnode-watch\n' } catch { return false }
    }).length
    const segments = []
    for (let i = 0; i < 300; i++) segments.push(await shm.open(shm.PRIVATE, { capacity: 8 }))
    const nexts = segments.map(segment => segment.watch().next())
    await new Promise(resolve => setTimeout(resolve, 100))
    const threads = [watchers()]
    segments.forEach(segment => segment.writeSync('x'))
    const versions = new Set((await Promise.all(nexts)).map(({ value }) => value.version))
    for (const segment of segments) await segment.destroy()
    threads.push(watchers())
    return { threads, versions: [...versions] }
  })
  t.strictSame(versions, [1])
  t.ok(threads[0] >= 1 && threads[0] <= 4, `${threads[0]} threads`)
  t.ok(threads[1] <= 1, 'and they end with their segments')
})

t.test('iterators that are dropped are not kept', async t => {
  const segment = await withSegment(t)
  const left = await run(async (shm, key) => {
    const gone = { count: 0 }
    const registry = new FinalizationRegistry(() => gone.count++)
    const segment = await shm.open(key)
    for (let i = 0; i < 200; i++) {
      const own = i % 2 ? await shm.open(key) : segment
      const watch = own.watch()
      const next = watch.next()
      own.writeSync(String(i))
      await next
      registry.register(watch, i)
    }
    for (let i = 0; i < 20; i++) {
      await new Promise(resolve => setTimeout(resolve, 20))
      global.gc()
    }
    const { attached } = await segment.stat()
    return { gone: gone.count, attached }
  }, [segment.key], { execArgv: ['--expose-gc'] })
  t.ok(left.gone >= 190, `${left.gone} of 200 collected`)
  t.ok(left.attached <= 5, `${left.attached} attached`)
})

t.test('one that is awaited is kept, though nobody holds it', async t => {
  const segment = await withSegment(t)
  const got = await run(async (shm, key) => {
    const next = (await shm.open(key)).watch().next()
    for (let i = 0; i < 10; i++) {
      await new Promise(resolve => setTimeout(resolve, 10))
      global.gc()
    }
    ;(await shm.open(key)).writeSync('x')
    return String((await next).value.data)
  }, [segment.key], { execArgv: ['--expose-gc'] })
  t.equal(got, 'x')
})
