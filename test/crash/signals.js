'use strict'

// A storm of signals to a process that reads, writes and waits: system calls come back with EINTR all the time.

const t = require('tap')
const { child } = require('../helpers/child')
const { counterOf } = require('../helpers/pattern')
const { hold, peer } = require('../helpers/peer')
const { withSegment } = require('../helpers/segment')

const BYTES = 256 * 1024
const TIMEOUT = 100

t.test('1000 signals a second', async t => {
  const segment = await withSegment(t, { capacity: BYTES })
  const pestered = child(t, 'pestered.js', [segment.key, BYTES, TIMEOUT])
  t.equal(await pestered.line(), 'ready')
  const storm = peer('pester', pestered.pid, 2000)
  for (let i = 0; i < 3; i++) await (await hold(t, segment.key, 'exclusive', 3 * TIMEOUT)).ended
  await storm
  pestered.send('end')
  const { signals, writes, reads, torn, timeouts, early } = JSON.parse(await pestered.line())
  t.comment({ signals, writes, reads, timeouts })
  t.ok(signals > 100 && writes > 0 && reads > 0 && timeouts > 0, 'all of it happened')
  t.equal(torn, 0)
  t.equal(early, 0, 'no time-out came before its time')
  t.equal((await pestered.ended).code, 0)
  t.not(counterOf(await segment.read()), null, 'whole')
})
