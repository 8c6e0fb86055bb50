'use strict'

const t = require('tap')
const { child } = require('../helpers/child')
const { run } = require('../helpers/run')
const { withSegment } = require('../helpers/segment')

t.test('two processes count to exactly 1000', async t => {
  const segment = await withSegment(t)
  const counters = [child(t, 'counter.js', [segment.key, 500]), child(t, 'counter.js', [segment.key, 500])]
  for (const counter of counters) t.equal(await counter.line(), 'ready')
  for (const counter of counters) counter.send('go')
  for (const counter of counters) t.equal(await counter.line(), String(counter.pid))
  t.equal(String(await segment.read()), '1000')
  t.equal(segment.version, 1000)
})

t.test('a write that has resolved is seen by other processes', async t => {
  const segment = await withSegment(t)
  for (let i = 1; i <= 5; i++) {
    await segment.write(String(i))
    t.strictSame(await run(async (shm, key) => {
      const segment = await shm.open(key)
      return [segment.version, String(segment.readSync()), String(await segment.read())]
    }, [segment.key]), [i, String(i), String(i)])
  }
})

t.test('a destroyed segment, made anew by another process', async t => {
  const segment = await withSegment(t)
  await segment.write('old')
  const incarnation = await run(async (shm, key) => {
    await shm.destroy(key)
    const segment = await shm.open(key)
    await segment.write('new')
    return segment.incarnation
  }, [segment.key])
  t.not(incarnation, segment.incarnation)
  await t.rejects(segment.read(), { code: 'ERR_SHM_DESTROYED' })
  await t.rejects(segment.write('x'), { code: 'ERR_SHM_DESTROYED' })
  const anew = await withSegment(t, { reference: segment.key })
  t.equal(anew.incarnation, incarnation)
  t.equal(String(await anew.read()), 'new')
})
