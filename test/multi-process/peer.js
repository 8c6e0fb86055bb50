'use strict'

// A Node.js process and a C++ program at one segment.

const t = require('tap')
const shm = require('../..')
const { uniqueName } = require('../helpers/keys')
const { counterOf } = require('../helpers/pattern')
const { peer, startPeer } = require('../helpers/peer')
const { another, reservedKey, withSegment } = require('../helpers/segment')

/** Tells whether a promise has been fulfilled. */
function watch (promise) {
  let over = false
  promise.then(() => { over = true })
  return () => over
}

t.test('what one writes the other reads', async t => {
  for (const reference of [uniqueName(), undefined]) {
    const segment = await withSegment(t, { reference })
    const theirs = segment.name ?? segment.key
    await segment.write('from Node')
    t.equal(String(await peer('read', theirs)), 'from Node')
    await peer('write', theirs, 'from C++', 'text/x-c++')
    const { data, version, mediaType, writerPid } = await segment.snapshot()
    t.strictSame({ data: String(data), version, mediaType }, { data: 'from C++', version: 2, mediaType: 'text/x-c++' })
    t.not(writerPid, process.pid)
    await segment.write(Buffer.from([0, 255, 0]))
    t.strictSame(await peer('read', theirs), Buffer.from([0, 255, 0]))
  }
})

t.test('made by the other', async t => {
  const key = reservedKey(t)
  await peer('write', key, 'made in C++')
  const segment = await another(t, key, { create: false })
  t.equal(String(await segment.read()), 'made in C++')
  t.equal(segment.version, 1)
  t.equal(await segment.write('and taken over'), 2)
  t.equal(String(await peer('read', key)), 'and taken over')
})

t.test('destroyed by either', async t => {
  const key = reservedKey(t)
  const segment = await shm.open(key)
  await peer('destroy', key)
  await t.rejects(segment.read(), { code: 'ERR_SHM_DESTROYED' })
  await segment.close()
  await peer('write', key, 'again')
  await shm.destroy(key)
  await t.rejects(peer('destroy', key), { stderr: Buffer.from('NOT_FOUND\n') })
})

t.test('every value is whole, and none goes back, while C++ writes', async t => {
  const bytes = 100_000
  const segment = await withSegment(t, { capacity: bytes })
  const writers = [startPeer(t, 'storm-write', segment.key, bytes, 2000), startPeer(t, 'storm-write', segment.key, bytes, 2000)]
  const done = Promise.all(writers.map(({ ended }) => ended))
  const isOver = watch(done)
  let last = 0
  let reads = 0
  const check = (data, version) => {
    if (version < last) t.fail(`version ${version} after ${last}`)
    last = version
    if (version > 0 && (data.length !== bytes || counterOf(data) === null)) t.fail(`torn at version ${version}`)
    reads++
  }
  while (!isOver()) {
    const snapshots = await Promise.all([segment.snapshot(), segment.snapshot()])
    for (const { data, version } of snapshots.sort((a, b) => a.version - b.version)) check(data, version)
    try {
      const { data, version } = segment.snapshotSync()
      check(data, version)
    } catch (error) {
      if (error.code !== 'ERR_SHM_BUSY') throw error
    }
  }
  t.match(await done, [{ code: 0 }, { code: 0 }])
  t.equal(segment.version, 4000)
  t.ok(reads > 0, `${reads} reads`)
})

t.test('a reader without the right to write, while C++ writes', async t => {
  const bytes = 300_000
  const segment = await withSegment(t, { capacity: bytes, slots: 2 })
  const reader = await another(t, segment.key, { readOnly: true })
  const writer = startPeer(t, 'storm-write', segment.key, bytes, 1_000_000)
  while (reader.version === 0) await reader.read({ timeout: Infinity })
  for (let i = 0; i < 100; i++) {
    if (counterOf(await reader.read({ timeout: Infinity })) === null) t.fail('torn')
  }
  t.notOk(writer.process.killed)
  t.equal(writer.process.exitCode, null, 'it was writing to the end')
})

t.test('both write', async t => {
  const segment = await withSegment(t, { capacity: 1000 })
  const writer = startPeer(t, 'storm-write', segment.key, 1000, 3000)
  const isOver = watch(writer.ended)
  let mine = 0
  while (!isOver()) {
    await Promise.all([segment.write(Buffer.alloc(1000, 1)), segment.write(Buffer.alloc(500, 2))])
    mine += 2
    try {
      segment.writeSync(Buffer.alloc(10, 3))
      mine++
    } catch (error) {
      if (error.code !== 'ERR_SHM_BUSY') throw error
    }
  }
  t.match(await writer.ended, { code: 0 })
  t.equal(segment.version, 3000 + mine, 'no write is lost')
})
