'use strict'

// maxPending: how many calls may wait on one handle.

const t = require('tap')
const { withSegment } = require('../helpers/segment')

t.test('one more call than may be pending', async t => {
  const segment = await withSegment(t, { maxPending: 3 })
  const pending = [segment.write('a'), segment.read(), segment.snapshot()]
  const error = { code: 'ERR_SHM_QUEUE_FULL', key: segment.key, message: /3 are pending.*maxPending/ }
  await Promise.all([
    t.rejects(segment.write('b'), error),
    t.rejects(segment.read(), error),
    t.rejects(segment.readInto(Buffer.alloc(9)), error)
  ])
  t.equal((await Promise.all(pending))[0], 1)
  t.equal(await segment.write('c'), 2, 'there is room again')
  t.equal(String(segment.readSync()), 'c', 'calls that do not wait are not counted')
})

t.test('a full queue rejects, it does not throw', async t => {
  const segment = await withSegment(t, { maxPending: 1 })
  const first = segment.read()
  let promise
  t.doesNotThrow(() => { promise = segment.read() })
  await t.rejects(promise, { code: 'ERR_SHM_QUEUE_FULL' })
  await first
})

t.test('10,000 unless told', async t => {
  const segment = await withSegment(t)
  const pending = Array.from({ length: 10_000 }, () => segment.write('x'))
  await t.rejects(segment.write('x'), { code: 'ERR_SHM_QUEUE_FULL' })
  t.equal((await Promise.all(pending)).at(-1), 10_000)
})

t.test('more if told', async t => {
  const segment = await withSegment(t, { maxPending: Infinity })
  await Promise.all(Array.from({ length: 15_000 }, () => segment.read()))
  t.pass()
})

t.test('calls that nobody awaits', async t => {
  const segment = await withSegment(t)
  for (let i = 0; i < 10_000; i++) segment.write(String(i))
  await new Promise(resolve => {
    const look = () => segment.version === 10_000 ? resolve() : setImmediate(look)
    look()
  })
  t.equal(String(segment.readSync()), '9999')
})

t.test('a full queue does not end a watch', async t => {
  const segment = await withSegment(t, { maxPending: 1 })
  const versions = segment.watch({ from: 0 })
  await segment.write('x')
  const reading = segment.read()
  t.match(await versions.next(), { value: { version: 1 } })
  t.equal(String(await reading), 'x')
})
