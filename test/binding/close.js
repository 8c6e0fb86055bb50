'use strict'

const t = require('tap')
const kernel = require('../helpers/kernel')
const { another, attachesOf, withSegment } = require('../helpers/segment')
const { hold } = require('../helpers/peer')

const CLOSED = { name: 'ShmError', code: 'ERR_SHM_CLOSED' }

async function allRefuse (t, segment) {
  await t.rejects(segment.read(), CLOSED)
  await t.rejects(segment.read({ offset: 1 }), CLOSED)
  await t.rejects(segment.snapshot(), CLOSED)
  await t.rejects(segment.readInto(Buffer.alloc(9)), CLOSED)
  await t.rejects(segment.write('x'), CLOSED)
  await t.rejects(segment.update(() => 'x'), CLOSED)
  await t.rejects(segment.stat(), CLOSED)
  await t.rejects(segment.destroy(), CLOSED)
  t.throws(() => segment.readSync(), CLOSED)
  t.throws(() => segment.snapshotSync(), CLOSED)
  t.throws(() => segment.readIntoSync(Buffer.alloc(9)), CLOSED)
  t.throws(() => segment.readIntoSync(new DataView(new ArrayBuffer(9)), { offset: 1 }), CLOSED)
  t.throws(() => segment.writeSync('x'), CLOSED)
  t.throws(() => segment.version, CLOSED)
}

t.test('detaches, and leaves segment and value', async t => {
  const segment = await withSegment(t)
  await segment.write('stays')
  const reader = await another(t, segment.key, { readOnly: true })
  t.equal(await attachesOf(reader, 2), 2, 'apart from what may write')
  t.equal(await segment.close(), undefined)
  t.equal(await attachesOf(reader, 1), 1)
  t.equal(String(await reader.read()), 'stays')
})

t.test('handles of one process share their attach, up to the last of them', async t => {
  const segment = await withSegment(t)
  const others = await Promise.all(Array.from({ length: 20 }, () => another(t, segment.key)))
  t.equal(await attachesOf(segment, 1), 1)
  await segment.close()
  await others[0].write('stays')
  for (const other of others.slice(1)) await other.close()
  t.equal(await attachesOf(others[0], 1), 1)
  await others[0].close()
  t.equal(kernel.under(segment.key).segments[0].nattch, 0)
})

t.test('one that was destroyed and made anew is not the same', async t => {
  const segment = await withSegment(t)
  const old = await another(t, segment.key)
  await segment.destroy()
  const anew = await withSegment(t, { reference: segment.key })
  await anew.write('new')
  await t.rejects(old.read(), { code: 'ERR_SHM_DESTROYED' })
  t.equal(String(await (await another(t, segment.key)).read()), 'new')
})

t.test('calls after it', async t => {
  const segment = await withSegment(t)
  const closing = segment.close()
  await allRefuse(t, segment)
  await closing
  await allRefuse(t, segment)
  t.type(segment.key, 'number', 'what it was is still known')
  t.equal(segment.capacity, 2048)
})

t.test('twice, and at the same time', async t => {
  const segment = await withSegment(t)
  await Promise.all([segment.close(), segment.close()])
  await segment.close()
  await segment[Symbol.asyncDispose]()
  t.pass()
})

t.test('asyncDispose', async t => {
  const segment = await withSegment(t)
  t.equal(await segment[Symbol.asyncDispose](), undefined)
  await t.rejects(segment.read(), CLOSED)
})

t.test('calls of the same turn', async t => {
  const segment = await withSegment(t)
  const calls = [segment.write('x'), segment.read(), segment.snapshot()]
  const settled = Promise.allSettled(calls)
  await segment.close()
  for (const { status, reason } of await settled) t.ok(status === 'fulfilled' || reason.code === 'ERR_SHM_CLOSED', status)
})

t.test('calls in flight finish', async t => {
  const length = 32 * 1024 * 1024
  const segment = await withSegment(t, { capacity: length })
  const writing = segment.write(Buffer.alloc(length, 1))
  const reading = segment.read()
  await new Promise(resolve => process.nextTick(resolve))
  const closing = segment.close()
  t.equal(await writing, 1)
  t.ok([0, length].includes((await reading).length))
  await closing
  const other = await another(t, segment.key)
  t.ok((await other.read()).equals(Buffer.alloc(length, 1)))
})

t.test('calls that wait for the lock reject', async t => {
  const segment = await withSegment(t)
  await hold(t, segment.key)
  const waiting = [segment.write('x', { timeout: Infinity }), segment.write('y', { timeout: Infinity }), segment.update(() => 'z', { timeout: Infinity })]
  const settled = Promise.allSettled(waiting)
  await new Promise(resolve => setTimeout(resolve, 120))
  const late = segment.write('z', { timeout: Infinity })
  const lateSettled = Promise.allSettled([late])
  await segment.close()
  for (const { reason } of [...await settled, ...await lateSettled]) t.match(reason, CLOSED)
})

t.test('a destroy that waits for the lock rejects', async t => {
  const segment = await withSegment(t)
  await hold(t, segment.key)
  const refused = t.rejects(segment.destroy({ timeout: Infinity }), CLOSED)
  await new Promise(resolve => setTimeout(resolve, 120))
  await segment.close()
  await refused
})

t.test('a stat under way finishes', async t => {
  const segment = await withSegment(t)
  const facts = segment.stat()
  await segment.close()
  t.equal((await facts).key, segment.key)
})

t.test('opened and closed again and again', async t => {
  const segment = await withSegment(t)
  for (let i = 0; i < 300; i++) await (await another({ teardown () {} }, segment.key)).close()
  t.equal(await attachesOf(segment, 1), 1)
})

t.test('what was called in the same turn is not lost', async t => {
  const segment = await withSegment(t)
  const settled = await Promise.allSettled([segment.write('one'), segment.write('two'), segment.read(), segment.close()])
  t.strictSame(settled.map(({ status }) => status), Array(4).fill('fulfilled'))
  t.equal(String(await (await another(t, segment.key)).read()), 'two')
})
