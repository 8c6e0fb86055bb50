'use strict'

// A value that grows and shrinks between the look at its length and the read of its bytes.

const t = require('tap')
const { child } = require('../helpers/child')
const { isWhole } = require('../helpers/pattern')
const { withSegment } = require('../helpers/segment')

const READS = 500
/** Of those that take no trip to the pool. */
const SYNC_READS = 5000

for (const [short, long] of [[10, 60_000], [16_384, 16_385], [8, 1_000_000]]) {
  t.test(`${short} and ${long} bytes in turn`, async t => {
    const segment = await withSegment(t, { capacity: long })
    const writer = child(t, 'alternate.js', [segment.key, short, long])
    await writer.line()
    while (segment.version < 2) await segment.read()
    const target = Buffer.alloc(long)
    const reads = {
      read: () => segment.read(),
      'read that must not wait for a lock': () => segment.read({ timeout: 0 }),
      'several reads': async () => (await Promise.all([segment.read(), segment.read(), segment.read()]))[2],
      snapshot: async () => (await segment.snapshot()).data,
      part: () => segment.read({ offset: 0, length: long }),
      readInto: async () => target.subarray(0, (await segment.readInto(target)).length),
      readSync: () => segment.readSync(),
      snapshotSync: () => segment.snapshotSync().data,
      readIntoSync: () => target.subarray(0, segment.readIntoSync(target).length)
    }
    for (const [name, read] of Object.entries(reads)) {
      const seen = new Set()
      let torn = 0
      for (let i = 0; i < (name.endsWith('Sync') ? SYNC_READS : READS); i++) {
        const data = await attempt(read)
        if (data === null) continue
        seen.add(data.length)
        if (!isWhole(data)) torn++
      }
      t.equal(torn, 0, `${name}: every value whole, lengths ${[...seen]}`)
      t.ok([...seen].every(length => length === short || length === long))
    }
    await writer.kill()
    t.ok(isWhole(await segment.read()))
    t.type(await segment.write('goes on'), 'number')
  })
}

/** Calls that do not wait may be too late every time: that is what BUSY is for. */
async function attempt (read) {
  try {
    return await read()
  } catch (error) {
    if (error.code === 'ERR_SHM_BUSY') return null
    throw error
  }
}
