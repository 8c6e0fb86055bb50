'use strict'

// SIGKILL of a writer at any time loses nothing that was committed, leaves nothing torn and no lock held.

const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const { child } = require('../helpers/child')
const { counterOf, pattern } = require('../helpers/pattern')
const { startPeer } = require('../helpers/peer')
const { withSegment } = require('../helpers/segment')

const KILLS = 40
const BYTES = 256 * 1024

/** Kills it at random, and gives the last version that it told of. */
async function killAtRandom (writer) {
  await sleep(Math.random() * 20)
  await writer.kill()
  return Math.max(0, ...writer.lines.map(Number).filter(Number.isSafeInteger))
}

t.test('a Node.js writer', async t => {
  const segment = await withSegment(t, { capacity: BYTES })
  for (let kills = 0; kills < KILLS; kills++) {
    const writer = child(t, 'writer.js', [segment.key, BYTES])
    t.equal(await writer.line(), 'writing')
    const told = await killAtRandom(writer)
    const { data, version } = await segment.snapshot()
    t.ok(version >= told, `at version ${version}, ${told} was told`)
    if (version > 0) t.equal(counterOf(data), BigInt(version), 'whole, and the value of its version')
    t.equal(await segment.write(pattern(BYTES, version + 1)), version + 1, 'the next write works')
  }
})

t.test('a C++ writer, while Node.js writes and reads', async t => {
  const segment = await withSegment(t, { capacity: BYTES })
  let last = 0
  for (let kills = 0; kills < KILLS; kills++) {
    const writer = startPeer(t, 'storm-write', segment.key, BYTES, 1_000_000, '--print')
    await writer.line()
    const own = await segment.write(pattern(BYTES, 7), { timeout: Infinity })
    t.ok(own > last, 'versions only grow')
    const told = await killAtRandom(writer)
    const { data, version } = await segment.snapshot()
    t.ok(version >= Math.max(told, own) && counterOf(data) !== null, `version ${version}, ${told} was told`)
    last = await segment.write(pattern(BYTES, 8))
    t.equal(last, version + 1)
  }
})

t.test('several at once', async t => {
  const segment = await withSegment(t, { capacity: BYTES })
  for (let round = 0; round < 5; round++) {
    const writers = Array.from({ length: 4 }, () => startPeer(t, 'storm-write', segment.key, BYTES, 1_000_000))
    while (segment.version < (round + 1) * 20) await segment.read()
    for (const writer of writers) {
      await killAtRandom(writer)
      t.not(counterOf(await segment.read()), null, 'whole')
      t.type(await segment.write(pattern(BYTES, 1), { timeout: Infinity }), 'number')
    }
  }
})
