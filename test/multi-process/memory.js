'use strict'

// What calls leave behind in memory: nothing.

const fs = require('node:fs')
const t = require('tap')
const shm = require('../..')
const { run } = require('../helpers/run')
const { withSegment } = require('../helpers/segment')

const MIB = 1024 * 1024
// Young objects in little room: V8 gives them up to 48 MiB as it goes, which would hide what is ours.
const collect = { execArgv: ['--expose-gc', '--max-semi-space-size=1'] }

t.test('a million reads and writes leave the memory flat', async t => {
  const { key } = await withSegment(t)
  const grown = await run(async (shm, key) => {
    const segment = await shm.open(key)
    const target = Buffer.alloc(64)
    const value = Buffer.alloc(64, 1)
    const inBatches = async (count, call) => {
      for (let i = 0; i < count; i += 64) await Promise.all(Array.from({ length: 64 }, call))
    }
    const all = async count => {
      await inBatches(count, () => segment.read())
      await inBatches(count, () => segment.write(value, { mediaType: 'text/plain' }))
      await inBatches(count / 10, () => segment.snapshot())
      await inBatches(count / 10, () => segment.readInto(target))
      await inBatches(count / 10, () => segment.write(value, { ifVersion: 0 }).catch(() => {}))
      for (let i = 0; i < count; i++) segment.readSync()
      for (let i = 0; i < count; i++) segment.writeSync(value)
      for (let i = 0; i < count / 10; i++) segment.snapshotSync()
    }
    const resident = () => {
      global.gc()
      return process.memoryUsage.rss()
    }
    await all(200_000)
    const before = resident()
    await all(1_000_000)
    return resident() - before
  }, [key], collect)
  t.ok(grown < 40 * MIB, `${(grown / MIB).toFixed(1)} MiB more`)
})

t.test('nor do handles', async t => {
  const { key } = await withSegment(t)
  const grown = await run(async (shm, key) => {
    const all = async count => {
      for (let i = 0; i < count; i++) {
        const segment = await shm.open(key)
        await Promise.all([segment.read(), segment.stat(), shm.list(), shm.open(key, { exclusive: true }).catch(() => {})])
        await segment.close()
      }
    }
    const resident = () => {
      global.gc()
      return process.memoryUsage.rss()
    }
    await all(500)
    const before = resident()
    await all(3000)
    return resident() - before
  }, [key], collect)
  t.ok(grown < 40 * MIB, `${(grown / MIB).toFixed(1)} MiB more`)
})

t.test('large values neither', async t => {
  const { key } = await withSegment(t, { capacity: 4 * MIB })
  const grown = await run(async (shm, key) => {
    const segment = await shm.open(key)
    const value = Buffer.alloc(4 * 1024 * 1024, 1)
    const all = async count => {
      for (let i = 0; i < count; i++) {
        await Promise.all([segment.write(value), segment.read(), segment.read()])
        segment.readSync()
      }
    }
    const resident = () => {
      global.gc()
      return process.memoryUsage.rss()
    }
    await all(20)
    const before = resident()
    await all(200)
    return resident() - before
  }, [key], collect)
  t.ok(grown < 100 * MIB, `${(grown / MIB).toFixed(1)} MiB more`)
})

t.test('256 MiB attached cost nothing until they are used', async t => {
  const resident = () => Number(/VmRSS:\s+(\d+) kB/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
  const before = resident()
  const segment = await withSegment(t, { capacity: 256 * MIB })
  const other = await shm.open(segment.key)
  await other.write('a little')
  t.equal(String(await other.read()), 'a little')
  t.ok(resident() - before < 20 * MIB, `${((resident() - before) / MIB).toFixed(1)} MiB more`)
  await other.close()
})
