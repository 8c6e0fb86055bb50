'use strict'

// SIGKILL of who holds the lock, or waits for it, lets the next one go on.

const fs = require('node:fs')
const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const shm = require('../..')
const { child, start } = require('../helpers/child')
const kernel = require('../helpers/kernel')
const { hold, PEER } = require('../helpers/peer')
const { withSegment } = require('../helpers/segment')

for (const how of ['exclusive', 'shared', 'gate']) {
  t.test(`a holder of the lock: ${how}`, async t => {
    const segment = await withSegment(t)
    const holder = await hold(t, segment.key, how)
    const waiting = [segment.write('x', { timeout: Infinity }), segment.update(() => 'y', { timeout: Infinity })]
    await sleep(80)
    t.equal(segment.version, 0)
    await holder.kill()
    t.strictSame((await Promise.all(waiting)).sort(), [1, 2])
  })
}

t.test('a holder that is dead, and that its parent does not wait for', async t => {
  const segment = await withSegment(t)
  const parent = start(t, 'sh', ['-c', `"${PEER}" hold ${segment.key} exclusive 0 & echo $!; exec sleep 100`])
  const lines = [await parent.line(), await parent.line()] // in either order
  t.ok(lines.includes('holding'))
  const pid = Number(lines.find(line => line !== 'holding'))
  const writing = segment.write('x', { timeout: Infinity })
  process.kill(pid, 'SIGKILL')
  t.equal(await writing, 1)
  // The kernel frees the lock a moment before.
  while (!fs.readFileSync(`/proc/${pid}/stat`, 'utf8').startsWith(`${pid} (peer) Z`)) await sleep(1)
  t.pass('a zombie')
})

t.test('a waiting destroy goes on', async t => {
  const segment = await withSegment(t)
  const holder = await hold(t, segment.key)
  const destroying = shm.destroy(segment.key, { timeout: Infinity })
  await sleep(80)
  await holder.kill()
  await destroying
  t.ok(kernel.isFree(segment.key))
})

t.test('who waits for the lock', async t => {
  const segment = await withSegment(t)
  const holder = await hold(t, segment.key)
  const waiting = Array.from({ length: 4 }, () => child(t, 'waiting.js', ['abort', segment.key]))
  for (const { ended } of waiting) t.match(await ended, { signal: 'SIGKILL' })
  await holder.kill()
  t.equal(await segment.write('x', { timeout: Infinity }), 1)
  t.equal(segment.writeSync('nobody is left in the gate'), 2)
})

t.test('again and again', async t => {
  const segment = await withSegment(t)
  for (let i = 1; i <= 30; i++) {
    const holder = await hold(t, segment.key, ['exclusive', 'shared'][i % 2])
    const writing = segment.write('x', { timeout: Infinity })
    await holder.kill()
    t.equal(await writing, i)
  }
})
