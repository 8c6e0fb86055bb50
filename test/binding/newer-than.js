'use strict'

// snapshot({ newerThan }): calls that wait for one version.

const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const { withSegment } = require('../helpers/segment')

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

t.test('maxPending counts who waits for a version', async t => {
  const segment = await withSegment(t, { maxPending: 2 })
  const waiting = [segment.snapshot({ newerThan: 0 }), segment.snapshot({ newerThan: 0 })]
  await t.rejects(segment.snapshot({ newerThan: 0 }), { code: 'ERR_SHM_QUEUE_FULL' })
  segment.writeSync('x')
  t.match(await Promise.all(waiting), [{ version: 1 }, { version: 1 }])
})
