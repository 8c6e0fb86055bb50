'use strict'

// Watches: the versions that each is given, and when. How they end is in watch-end.js, what they take in watch-resources.js.

const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const shm = require('../..')
const { DONE, text } = require('../helpers/iteration')
const { uniqueKey } = require('../helpers/keys')
const { poke, OFFSETS, u64 } = require('../helpers/raw')
const { run } = require('../helpers/run')
const { another, remove, withSegment } = require('../helpers/segment')

const DESTROYED = { name: 'ShmError', code: 'ERR_SHM_DESTROYED' }

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
