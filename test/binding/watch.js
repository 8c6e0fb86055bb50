'use strict'

const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { uniqueKey } = require('../helpers/keys')
const { startPeer } = require('../helpers/peer')
const { poke, removeSegment, OFFSETS, u64 } = require('../helpers/raw')
const { run } = require('../helpers/run')
const { another, remove, withSegment } = require('../helpers/segment')

const DESTROYED = { name: 'ShmError', code: 'ERR_SHM_DESTROYED' }
const CORRUPT = { name: 'ShmError', code: 'ERR_SHM_CORRUPT' }
const DONE = { value: undefined, done: true }

const text = ({ value, done }) => done ? null : String(value.data)

t.test('versions as they come', async t => {
  const segment = await withSegment(t)
  const before = Date.now()
  await segment.write('old')
  const watch = segment.watch()
  const first = watch.next()
  await segment.write('first', { mediaType: 'text/plain' })
  const { value, done } = await first
  t.equal(done, false)
  t.match(value, { data: Buffer.from('first'), version: 2, writerPid: process.pid, mediaType: 'text/plain' })
  t.ok(value.committedAt >= before - 1 && value.committedAt <= Date.now() + 1)
  t.strictSame(Object.keys(value).sort(), Object.keys(segment.snapshotSync()).sort())
  const second = watch.next()
  segment.writeSync('')
  t.match(await second, { value: { data: Buffer.alloc(0), version: 3, mediaType: null } })
  t.strictSame(await watch.return('x'), { value: 'x', done: true })
  t.strictSame(await watch.next(), DONE)
})

t.test('spin', async t => {
  const segment = await withSegment(t, { capacity: 2 ** 17 })
  const watch = segment.watch({ spin: 200 })
  for (const value of ['at once', 'x'.repeat(70_000), '']) {
    const next = watch.next()
    segment.writeSync(value)
    t.equal(text(await next), value)
  }
  const late = watch.next()
  await sleep(50) // it has looked in vain, and sleeps
  segment.writeSync('late')
  t.equal(text(await late), 'late')
  segment.writeSync('before')
  t.equal(text(await watch.next()), 'before', 'it was there when it was asked for')

  const [first, second] = [watch.next(), segment.watch({ spin: 1000 }).next()]
  const plain = segment.watch().next()
  segment.writeSync('for all')
  t.strictSame((await Promise.all([first, second, plain])).map(text), ['for all', 'for all', 'for all'])

  const left = watch.next()
  await watch.return()
  t.strictSame(await left, DONE, 'left while it was about to spin')
  const controller = new AbortController()
  const aborted = segment.watch({ spin: 1000, signal: controller.signal }).next()
  controller.abort(new Error('enough'))
  await t.rejects(aborted, new Error('enough'))
  for (const spin of [-1, 1.5, 1001, NaN, '5']) t.throws(() => segment.watch({ spin }), { code: /^ERR_(OUT_OF_RANGE|INVALID_ARG_TYPE)$/ })

  const other = await another(t, segment.key)
  const gone = t.rejects(segment.watch({ spin: 1000 }).next(), DESTROYED)
  await other.destroy()
  await gone
  const closed = await withSegment(t)
  const ended = closed.watch({ spin: 1000 }).next()
  await closed.close()
  t.strictSame(await ended, DONE)
})

t.test('from', async t => {
  const segment = await withSegment(t)
  await segment.write('one')
  await segment.write('two')
  t.equal(text(await segment.watch({ from: 0 }).next()), 'two', 'the current value first')
  t.equal(text(await segment.watch({ from: 1 }).next()), 'two')
  const later = segment.watch({ from: 4 }).next()
  await segment.write('three')
  await segment.write('four')
  await sleep(20)
  await segment.write('five')
  t.match(await later, { value: { version: 5 } })
  const fresh = await withSegment(t)
  const first = fresh.watch({ from: 0 }).next()
  await fresh.write('the first')
  t.equal(text(await first), 'the first', 'never written: the first write')
})

t.test('a slow consumer gets the newest', async t => {
  const segment = await withSegment(t)
  const watch = segment.watch()
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 10; i++) segment.writeSync(`${round}.${i}`)
    if (round % 2) await sleep(10)
    t.equal(text(await watch.next()), `${round}.9`)
  }
  const versions = []
  const writing = (async () => { for (let i = 0; i < 500; i++) { segment.writeSync(String(i)); if (i % 10 === 0) await sleep(0) } })()
  for await (const { version, data } of segment.watch()) {
    versions.push(version)
    if (String(data) === '499') break
  }
  await writing
  t.ok(versions.every((version, i) => i === 0 || version > versions[i - 1]), 'versions rise')
})

t.test('every length, whole', async t => {
  const { pattern, isWhole, lengthAnd } = require('../helpers/pattern')
  const segment = await withSegment(t, { capacity: 1_000_000 })
  const watch = segment.watch()
  for (const length of [8, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 1_000_000, 9]) {
    const next = watch.next()
    await segment.write(pattern(length, lengthAnd(length, 1)))
    const { value } = await next
    t.equal(value.data.length, length)
    t.ok(isWhole(value.data))
  }
})

t.test('with a checksum, and read-only', async t => {
  const segment = await withSegment(t, { checksum: true })
  const reader = await another(t, segment.key, { readOnly: true })
  const watch = reader.watch()
  for (let i = 0; i < 20; i++) {
    const next = watch.next()
    segment.writeSync(String(i))
    t.equal(text(await next), String(i))
  }
})

t.test('several watches share what is found, not the bytes', async t => {
  const segment = await withSegment(t)
  const other = await another(t, segment.key)
  const watches = [segment.watch(), segment.watch(), segment.watch({ from: 0 }), other.watch()]
  const nexts = watches.map(watch => watch.next())
  segment.writeSync('shared')
  const found = await Promise.all(nexts)
  t.strictSame(found.map(text), Array(4).fill('shared'))
  found[0].value.data.fill(0)
  t.equal(text(found[1]), 'shared')
})

t.test('several calls of next at once', async t => {
  const segment = await withSegment(t)
  const watch = segment.watch()
  const nexts = [watch.next(), watch.next(), watch.next()]
  segment.writeSync('1')
  t.match(await nexts[0], { value: { version: 1 } })
  segment.writeSync('2')
  t.match(await nexts[1], { value: { version: 2 } })
  await watch.return()
  t.strictSame(await nexts[2], DONE)
})

t.test('one that leaves does not disturb the others', async t => {
  const segment = await withSegment(t)
  const [one, two] = [segment.watch(), segment.watch()]
  const leaving = one.next()
  const staying = two.next()
  await one.return()
  t.strictSame(await leaving, DONE)
  segment.writeSync('x')
  t.equal(text(await staying), 'x')
  const again = segment.watch()
  const next = again.next()
  await two[Symbol.asyncDispose]()
  segment.writeSync('y')
  t.equal(text(await next), 'y')
})

t.test('a signal', async t => {
  const segment = await withSegment(t)
  const reason = new Error('enough')
  const controller = new AbortController()
  const { signal } = controller
  const watch = segment.watch({ signal })
  const idle = segment.watch({ signal })
  const next = watch.next()
  const more = watch.next()
  setImmediate(() => controller.abort(reason))
  await t.rejects(next, reason)
  t.strictSame(await more, DONE, 'told once')
  t.strictSame(await watch.next(), DONE)
  await t.rejects(idle.next(), reason, 'also where nobody waited')
  await t.rejects(segment.watch({ signal }).next(), reason, 'aborted before')
  await t.rejects((async () => { for await (const _ of segment.watch({ signal: AbortSignal.timeout(20) })) t.fail(_) })(), { name: 'TimeoutError' })
})

t.test('a signal keeps nothing of watches that are over', async t => {
  const { getEventListeners } = require('node:events')
  const segment = await withSegment(t)
  const { signal } = new AbortController()
  for (let i = 0; i < 100; i++) {
    const watch = segment.watch({ signal })
    const next = watch.next()
    if (i % 2) segment.writeSync('x')
    if (i % 3) await watch.return()
    else await Promise.all([i % 2 ? next : undefined, watch.return()])
    await segment.snapshot({ newerThan: segment.version, timeout: 0, signal }).catch(() => {})
  }
  t.equal(getEventListeners(signal, 'abort').length, 0)
})

t.test('close ends it', async t => {
  const segment = await withSegment(t)
  const other = await another(t, segment.key)
  const [waiting, idle] = [segment.watch(), segment.watch()]
  const next = waiting.next()
  const late = t.rejects(segment.snapshot({ newerThan: 0 }), { code: 'ERR_SHM_CLOSED' })
  await segment.close()
  t.strictSame(await next, DONE)
  t.strictSame(await idle.next(), DONE)
  await late
  t.equal((await other.stat()).attached, 1, 'nothing of it is attached')
  t.throws(() => segment.watch(), { code: 'ERR_SHM_CLOSED' })
  await t.rejects(segment.snapshot({ newerThan: 0 }), { code: 'ERR_SHM_CLOSED' })
})

t.test('closed while there is news', async t => {
  for (let i = 0; i < 50; i++) {
    const segment = await withSegment(t)
    const watch = segment.watch()
    const next = watch.next()
    segment.writeSync(Buffer.alloc(i % 2 ? 10 : 2048))
    if (i % 3) await sleep(0)
    await segment.close()
    t.match(await next, { done: /true|false/ })
  }
})

t.test('destroyed', async t => {
  const segment = await withSegment(t)
  const other = await another(t, segment.key)
  const [own, theirs] = [segment.watch(), other.watch()]
  const idle = other.watch()
  const refused = [t.rejects(own.next(), DESTROYED), t.rejects(theirs.next(), DESTROYED), t.rejects(other.snapshot({ newerThan: 0 }), DESTROYED)]
  await segment.destroy()
  await Promise.all(refused)
  t.strictSame(await theirs.next(), DONE, 'told once')
  await t.rejects(idle.next(), DESTROYED)
  await t.rejects(other.watch({ from: 0 }).next(), DESTROYED)
})

t.test('removed behind our back', async t => {
  const segment = await withSegment(t)
  const refused = [t.rejects(segment.watch().next(), DESTROYED), t.rejects(segment.snapshot({ newerThan: 0 }), DESTROYED)]
  await sleep(50)
  removeSegment(segment.id)
  await Promise.all(refused)
  await t.rejects(segment.watch().next(), DESTROYED)
  kernel.under(segment.key).sets.forEach(({ semid }) => require('../helpers/raw').removeSet(semid))
})

t.test('a commit that nobody tells of is found all the same', async t => {
  const segment = await withSegment(t)
  await segment.write('one')
  const next = segment.watch().next()
  await sleep(50)
  // What a writer leaves that dies between its commit and its notify.
  await poke(segment.id, OFFSETS.slot(2), u64(2))
  await poke(segment.id, OFFSETS.commit, u64(2))
  t.match(await next, { value: { version: 2 } })
})

t.test('numbers that cannot be', async t => {
  for (const commit of [7, 2n ** 53n, 2n ** 64n - 1n]) {
    const segment = await withSegment(t)
    await segment.write('x')
    const refused = t.rejects(segment.watch().next(), CORRUPT)
    const call = t.rejects(segment.snapshot({ newerThan: 3 }), CORRUPT)
    await sleep(10)
    await poke(segment.id, OFFSETS.commit, u64(commit))
    await Promise.all([refused, call])
    await t.rejects(segment.watch({ from: 0 }).next(), CORRUPT)
  }
})

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

t.test('snapshot({ newerThan })', async t => {
  const segment = await withSegment(t)
  await segment.write('one')
  t.match(await segment.snapshot({ newerThan: 0 }), { version: 1, data: Buffer.from('one') }, 'there already')
  const waiting = [segment.snapshot({ newerThan: 1 }), segment.snapshot({ newerThan: 2, timeout: Infinity }), segment.snapshot({ newerThan: 1, timeout: 2 ** 40 })]
  await segment.write('two')
  t.match(await waiting[0], { version: 2 })
  t.match(await waiting[2], { version: 2 })
  await segment.write('three')
  t.match(await waiting[1], { version: 3, data: Buffer.from('three') })
  const began = performance.now()
  await t.rejects(segment.snapshot({ newerThan: 3, timeout: 60 }), { code: 'ERR_SHM_TIMEOUT', message: /was not above version 3 within 60 ms: nobody wrote a newer one/ })
  t.ok(performance.now() - began > 55)
  await t.rejects(segment.snapshot({ newerThan: 3, timeout: 0 }), { code: 'ERR_SHM_TIMEOUT' })
  const reason = new Error('enough')
  const controller = new AbortController()
  const { signal } = controller
  const aborted = t.rejects(segment.snapshot({ newerThan: 3, signal }), reason)
  setImmediate(() => controller.abort(reason))
  await aborted
  await t.rejects(segment.snapshot({ newerThan: 3, signal }), reason)
})

t.test('ten thousand calls that wait are aborted at once', async t => {
  const segment = await withSegment(t, { maxPending: Infinity })
  const controller = new AbortController()
  const calls = Array.from({ length: 10_000 }, () => segment.snapshot({ newerThan: 0, signal: controller.signal }))
  const settled = Promise.allSettled(calls)
  await sleep(10)
  const began = performance.now()
  controller.abort()
  t.ok((await settled).every(({ reason }) => reason.name === 'AbortError'))
  t.comment(`${(performance.now() - began).toFixed()} ms`)
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

t.test('maxPending counts who waits for a version', async t => {
  const segment = await withSegment(t, { maxPending: 2 })
  const waiting = [segment.snapshot({ newerThan: 0 }), segment.snapshot({ newerThan: 0 })]
  await t.rejects(segment.snapshot({ newerThan: 0 }), { code: 'ERR_SHM_QUEUE_FULL' })
  segment.writeSync('x')
  t.match(await Promise.all(waiting), [{ version: 1 }, { version: 1 }])
})

t.test('arguments', async t => {
  const segment = await withSegment(t)
  for (const options of [null, 5, 'x']) t.throws(() => segment.watch(options), { code: 'ERR_INVALID_ARG_TYPE' })
  for (const from of ['1', null, 1n]) t.throws(() => segment.watch({ from }), { code: 'ERR_INVALID_ARG_TYPE' })
  for (const from of [-1, 1.5, NaN, 2 ** 53]) t.throws(() => segment.watch({ from }), { code: 'ERR_OUT_OF_RANGE' })
  for (const signal of [null, {}, 'x']) t.throws(() => segment.watch({ signal }), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(segment.snapshot({ newerThan: '1' }), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(segment.snapshot({ newerThan: -1 }), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(segment.snapshot({ newerThan: 1, timeout: -1 }), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(segment.snapshot({ newerThan: 1, signal: 5 }), { code: 'ERR_INVALID_ARG_TYPE' })
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

t.test('the default segment', async t => {
  const key = uniqueKey()
  t.teardown(() => remove(key))
  const env = { SHM_KEY: String(key), SHM_CAPACITY: undefined, SHM_LAYOUT: undefined }
  const result = await run(async (shm, key) => {
    await shm.write('old')
    const seen = []
    const other = await shm.open(key)
    const watch = shm.watch()
    const current = await shm.watch({ from: 0 }).next()
    seen.push(String(current.value.data))
    const next = watch.next()
    await other.write('new')
    seen.push(String((await next).value.data))
    seen.push((await shm.snapshot({ newerThan: 1 })).version)
    const unopened = await shm.watch().return()
    const refused = watch.next().catch(({ code }) => code)
    await other.destroy()
    seen.push(await refused, (await watch.next()).done, unopened.done)
    const again = shm.watch({ from: 0 }).next()
    await shm.write('anew')
    seen.push(String((await again).value.data))
    seen.push(await shm.snapshot({ newerThan: 1, timeout: 10 }).catch(({ code }) => code))
    try { shm.watch({ from: -1 }) } catch ({ code }) { seen.push(code) }
    await shm.destroy(key)
    return seen
  }, [key], { env })
  t.strictSame(result, ['old', 'new', 2, 'ERR_SHM_DESTROYED', true, true, 'anew', 'ERR_SHM_TIMEOUT', 'ERR_OUT_OF_RANGE'])
  t.ok(typeof shm.watch === 'function')
})
