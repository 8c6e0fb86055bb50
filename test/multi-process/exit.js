'use strict'

// A process may leave while its calls wait. What must not happen is that it hangs: the test's own time limit tells. How long it
// took is told in a comment.

const t = require('tap')
const { child } = require('../helpers/child')
const { holdAll } = require('../helpers/peer')
const { withSegment } = require('../helpers/segment')

const ends = [
  ['exit', { code: 7, signal: null }],
  ['throw', { code: 1, signal: null, stderr: /uncaught/ }],
  ['reject', { code: 1, signal: null, stderr: /unhandled/ }],
  ['SIGTERM', { code: null, signal: 'SIGTERM' }],
  ['SIGTERM handled', { code: 8, signal: null }],
  ['abort', { code: null, signal: 'SIGKILL' }]
]

/** When a child says that it is leaving. */
function leaving ({ process: { stderr } }) {
  return new Promise(resolve => stderr.on('data', text => { if (/leaving/.test(text)) resolve(performance.now()) }))
}

for (const [how, end] of ends) {
  for (const count of [1, 64]) {
    t.test(`${how}, with 1,000 writes waiting for ${count} locks`, async t => {
      const segments = await Promise.all(Array.from({ length: count }, () => withSegment(t)))
      const holder = await holdAll(t, segments)
      const waiting = child(t, 'waiting.js', [how, ...segments.map(({ key }) => key)])
      const began = leaving(waiting)
      t.match(await waiting.ended, end)
      t.comment(`gone after ${Math.round(performance.now() - await began)} ms`)
      t.strictSame(waiting.lines, [], 'nothing was had')
      await holder.kill()
      for (const segment of segments) t.equal(await segment.write('the lock is free', { timeout: Infinity }), 1)
    })
  }
}
