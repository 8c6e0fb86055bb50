'use strict'

const { tracingChannel } = require('node:diagnostics_channel')
const t = require('tap')
const { withSegment } = require('../helpers/segment')

/** What the channels tell while the test runs. */
function events (t) {
  const seen = []
  for (const name of ['read', 'write', 'lock']) {
    const subscriber = Object.fromEntries(['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map(event => [event, message => seen.push({ name, event, ...message })]))
    const channel = tracingChannel(`shmnode:${name}`)
    channel.subscribe(subscriber)
    t.teardown(() => channel.unsubscribe(subscriber))
  }
  return seen
}

t.test('each call is told', async t => {
  const segment = await withSegment(t)
  const seen = events(t)
  await segment.write('x')
  await segment.read()
  await segment.snapshot()
  await segment.readInto(Buffer.alloc(10))
  await segment.withLock(() => {})
  const ends = seen.filter(({ event }) => event === 'asyncEnd')
  t.strictSame(ends.map(({ name }) => name), ['write', 'read', 'read', 'read', 'lock'])
  t.ok(ends.every(message => message.segment === segment))
  t.match(ends, [{ result: 1 }, { result: Buffer.from('x') }])
})

t.test('errors too', async t => {
  const segment = await withSegment(t)
  const seen = events(t)
  await t.rejects(segment.write('x', { ifVersion: 9 }), { code: 'ERR_SHM_VERSION_CONFLICT' })
  t.match(seen.filter(({ event }) => event === 'error'), [{ name: 'write', error: { code: 'ERR_SHM_VERSION_CONFLICT' } }])
})
