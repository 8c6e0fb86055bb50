'use strict'

// A process may leave while its calls wait. What must not happen is that it hangs: the test's own time limit tells.

const t = require('tap')
const { child } = require('../helpers/child')
const { hold } = require('../helpers/peer')
const { withSegment } = require('../helpers/segment')

const ends = [
  ['exit', { code: 7, signal: null }],
  ['throw', { code: 1, signal: null, stderr: /uncaught/ }],
  ['reject', { code: 1, signal: null, stderr: /unhandled/ }],
  ['SIGTERM', { code: null, signal: 'SIGTERM' }],
  ['SIGTERM handled', { code: 8, signal: null }],
  ['abort', { code: null, signal: 'SIGKILL' }]
]

for (const [how, end] of ends) {
  t.test(how, async t => {
    const segment = await withSegment(t)
    const holder = await hold(t, segment.key)
    const waiting = child(t, 'waiting.js', [segment.key, how])
    t.match(await waiting.ended, end)
    t.strictSame(waiting.lines, [], 'nothing was had')
    await holder.kill()
    t.equal(await segment.write('the lock is free'), 1)
  })
}
