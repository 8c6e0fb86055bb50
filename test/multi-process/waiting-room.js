'use strict'

// Many segments whose locks somebody else holds, all waited for at once. Order and completeness, not times: bench measures those.

const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const shm = require('../..')
const { holdAll, hold } = require('../helpers/peer')
const { withSegment } = require('../helpers/segment')

const SEGMENTS = 64

t.test('whichever lock comes free is had, in any order', async t => {
  const segments = []
  for (let i = 0; i < SEGMENTS; i++) segments.push(await withSegment(t))
  const holder = await holdAll(t, segments)
  const served = []
  const writes = segments.map((segment, i) => Promise.all([segment.write('1', { timeout: Infinity }), segment.write('2', { timeout: Infinity })]).then(() => served.push(i)))
  await sleep(100)
  t.strictSame(served, [])
  const order = segments.map((_, i) => (i * 29 + 7) % SEGMENTS)
  for (const i of order) {
    holder.send(i)
    await writes[i]
    t.equal(served.at(-1), i)
  }
  t.ok(segments.every(({ version }) => version === 2))
  t.ok(segments.every(segment => segment.stats().writes.waits === 1))
})

t.test('time-outs come in time for all of them', async t => {
  const segments = []
  for (let i = 0; i < 20; i++) segments.push(await withSegment(t))
  await holdAll(t, segments)
  const begun = performance.now()
  const errors = await Promise.all(segments.map((segment, i) => segment.write('x', { timeout: 100 + i }).catch(error => error)))
  t.ok(errors.every(({ code }) => code === 'ERR_SHM_TIMEOUT'))
  t.ok(performance.now() - begun >= 100)
  t.ok(errors.every(({ message }, i) => message.includes(`within ${100 + i} ms: process`)))
})

t.test('those who wait for different locks of one segment do not wait for each other', async t => {
  const segment = await withSegment(t)
  const writer = await hold(t, segment.key, 'exclusive')
  const user = await hold(t, segment.key, 'user')
  const writing = segment.write('x', { timeout: Infinity })
  const locking = segment.lock({ timeout: Infinity })
  await sleep(60)
  await user.kill()
  await (await locking).release()
  t.equal(segment.version, 0)
  await writer.kill()
  t.equal(await writing, 1)
})

t.test('close in the middle of it', async t => {
  const segments = []
  for (let i = 0; i < 10; i++) segments.push(await withSegment(t))
  const holder = await holdAll(t, segments)
  const writes = segments.map(segment => segment.write('x', { timeout: Infinity }).then(() => 'written', ({ code }) => code))
  await sleep(50)
  await Promise.all(segments.slice(0, 5).map(segment => segment.close()))
  await holder.kill()
  const outcomes = await Promise.all(writes)
  t.ok(outcomes.slice(5).every(outcome => outcome === 'written'))
  t.ok(outcomes.slice(0, 5).every(outcome => outcome === 'ERR_SHM_CLOSED'))
})

t.test('thousands of handles whose calls are all aborted', async t => {
  const segment = await withSegment(t)
  const lock = await segment.lock()
  const handles = []
  for (let i = 0; i < 3000; i += 500) handles.push(...await Promise.all(Array.from({ length: 500 }, () => shm.open(segment.key))))
  const controller = new AbortController()
  const settling = Promise.all(handles.map(handle => handle.lock({ timeout: Infinity, signal: controller.signal }).catch(error => error.name)))
  await sleep(200)
  controller.abort()
  t.strictSame([...new Set(await settling)], ['AbortError'])
  await lock.release()
  await (await handles[0].lock()).release()
  await Promise.all(handles.map(handle => handle.close()))
})
