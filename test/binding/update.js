'use strict'

const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const { another, withSegment } = require('../helpers/segment')

const TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
const increment = ({ data }) => String(Number(data) + 1)

t.test('reads, changes and writes', async t => {
  const segment = await withSegment(t)
  t.equal(await segment.update(snapshot => {
    t.strictSame(snapshot, { data: Buffer.alloc(0), version: 0, committedAt: null, writerPid: null, mediaType: null })
    return 'first'
  }), 1)
  t.equal(await segment.update(async ({ data, version }) => {
    await sleep(1)
    return `${data}, then ${version + 1}`
  }, { mediaType: 'text/plain' }), 2)
  t.match(await segment.snapshot(), { data: Buffer.from('first, then 2'), mediaType: 'text/plain' })
})

t.test('undefined writes nothing', async t => {
  const segment = await withSegment(t)
  t.equal(await segment.update(() => undefined), 0)
  await segment.write('x')
  t.equal(await segment.update(async () => {}), 1)
  t.equal(segment.version, 1)
})

t.test('a function that throws', async t => {
  const segment = await withSegment(t)
  await segment.write('intact')
  const mine = new Error('mine')
  const same = error => error === mine
  t.ok(await segment.update(() => { throw mine }).catch(same))
  t.ok(await segment.update(() => Promise.reject(mine)).catch(same))
  t.ok(await segment.update(async () => { await sleep(1); throw mine }).catch(same))
  t.equal(String(await segment.read()), 'intact')
  t.equal(await segment.write('no lock is left'), 2)
})

t.test('a conflict begins anew', async t => {
  const segment = await withSegment(t)
  const seen = []
  const version = await segment.update(async snapshot => {
    seen.push(snapshot.version)
    if (seen.length <= 3) await segment.write(`from outside ${seen.length}`)
    return `${snapshot.data}!`
  })
  t.strictSame(seen, [0, 1, 2, 3])
  t.equal(version, 4)
  t.equal(String(await segment.read()), 'from outside 3!')
})

t.test('a function that always writes itself comes to its time-out', async t => {
  const segment = await withSegment(t)
  await t.rejects(segment.update(async () => {
    await segment.write('I was quicker')
    return 'never'
  }, { timeout: 100 }), { code: /ERR_SHM_(VERSION_CONFLICT|TIMEOUT)/ })
  t.equal(String(await segment.read()), 'I was quicker')
})

t.test('many at once count exactly', async t => {
  const segment = await withSegment(t)
  const versions = await Promise.all(Array.from({ length: 30 }, () => segment.update(increment, { timeout: Infinity })))
  t.equal(String(await segment.read()), '30')
  t.strictSame(versions.sort((a, b) => a - b), Array.from({ length: 30 }, (_, i) => i + 1))
})

t.test('what is no function', async t => {
  const segment = await withSegment(t)
  for (const fn of [undefined, null, 'text', Buffer.from('x'), {}]) await t.rejects(segment.update(fn), TYPE)
  for (const value of [null, 5, {}, [], true]) await t.rejects(segment.update(() => value), TYPE)
  t.equal(segment.version, 0)
})

t.test('a segment closed meanwhile', async t => {
  const segment = await withSegment(t)
  await t.rejects(segment.update(async () => { await segment.close(); return 'x' }), { code: 'ERR_SHM_CLOSED' })
})

t.test('keeps the media type unless given another', async t => {
  const segment = await withSegment(t)
  await segment.write('1', { mediaType: 'application/json' })
  await segment.update(() => '2')
  t.equal((await segment.snapshot()).mediaType, 'application/json')
  await segment.update(() => '3', { mediaType: 'text/plain' })
  t.equal((await segment.snapshot()).mediaType, 'text/plain')
})

t.test('conflicts until the time is over are a time-out, of the time that was given', async t => {
  const segment = await withSegment(t)
  const other = async () => {
    segment.writeSync('first')
    await new Promise(resolve => setTimeout(resolve, 30))
    return 'second'
  }
  await t.rejects(segment.update(other, { timeout: 20 }), { code: 'ERR_SHM_TIMEOUT', message: /within 20 ms: others wrote first/ })
})

t.test('what the function reports of other segments is passed on', async t => {
  const segment = await withSegment(t)
  const other = await withSegment(t)
  const lock = await other.lock()
  await t.rejects(segment.update(() => other.tryLock()), { code: 'ERR_SHM_BUSY', key: other.key })
  const second = await another(t, other.key)
  await t.rejects(segment.update(() => second.lock({ timeout: 10 })), { code: 'ERR_SHM_TIMEOUT', key: other.key, message: /within 10 ms/ })
  await lock.release()
})
