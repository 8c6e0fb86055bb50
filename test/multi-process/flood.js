'use strict'

// One among many of the other kind: neither starves.

const t = require('tap')
const shm = require('../..')
const { counterOf, pattern } = require('../helpers/pattern')
const { startPeer, startStormPeer } = require('../helpers/peer')
const { withSegment } = require('../helpers/segment')

const FLOOD = 4
const TURNS = 50
const BYTES = 512 * 1024

t.test('a reader among writers, of large values in two slots', async t => {
  const segment = await withSegment(t, { capacity: BYTES, slots: 2 })
  for (let i = 0; i < FLOOD; i++) startPeer(t, 'storm-write', segment.key, BYTES, 1_000_000)
  const reader = await shm.open(segment.key, { create: false })
  t.teardown(() => reader.close())
  while (reader.version === 0) await reader.read()
  const before = reader.version
  for (let i = 0; i < TURNS; i++) t.not(counterOf(await reader.read()), null, 'whole')
  t.ok(reader.version > before, 'they did write')
})

for (const [role, what] of [['shared', 'share the lock'], ['slow', 'have the lock for long']]) {
  t.test(`a writer among processes that ${what}, one after the other`, async t => {
    const segment = await withSegment(t, { capacity: BYTES })
    const holders = Array.from({ length: FLOOD }, (_, seed) => startStormPeer(t, role, segment.key, BYTES, seed))
    for (const holder of holders) while (await holder.line() !== 'holding');
    for (let i = 1; i <= TURNS; i++) t.equal(await segment.write(pattern(BYTES, i)), i)
  })
}
