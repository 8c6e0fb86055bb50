'use strict'

const fs = require('node:fs')
const path = require('node:path')
const t = require('tap')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { collidingNames, keyOf, uniqueKey, uniqueName } = require('../helpers/keys')
const { reservedKey, withSegment, another } = require('../helpers/segment')
const { rootOnly, run } = require('../helpers/run')

t.test('the key of a name is its FNV-1a hash', async t => {
  const name = uniqueName()
  const segment = await withSegment(t, { reference: name })
  t.equal(segment.key, keyOf(name))
  t.equal((await another(t, segment.key)).name, name, 'a number fits every segment under it')
})

// Names and keys that others may use, so in an IPC namespace of their own.
t.test('names of all kinds', rootOnly, async t => {
  const names = ['__proto__', 'constructor', '.', '..', '-', '0', 'A-Z.a_z-09', 'x'.repeat(63)]
  const found = await run(async (shm, names) => {
    const found = []
    for (const name of names) {
      const segment = await shm.open(name)
      await segment.write(name)
      found.push([segment.name, String(await segment.read()), (await segment.stat()).name])
    }
    return found
  }, [names], { shell: 'true' })
  t.strictSame(found, names.map(name => [name, name, name]))
})

t.test('the greatest and the least keys', rootOnly, async t => {
  const pairs = [[0xffffffff, -1], [0x80000000, -(2 ** 31)], [0x7fffffff, 0x7fffffff], [1, 1]]
  const found = await run(async (shm, pairs) => {
    const found = []
    for (const [key, twin] of pairs) {
      const segments = [await shm.open(key), await shm.open(twin)]
      found.push([segments[0].key === twin, segments[0].id === segments[1].id])
    }
    return found
  }, [pairs], { shell: 'true' })
  t.strictSame(found, pairs.map(() => [true, true]))
})

t.test('two names with one key', async t => {
  const [first, second] = collidingNames()
  const segment = await withSegment(t, { reference: first })
  await segment.write('of the first')
  await t.rejects(shm.open(second), { code: 'ERR_SHM_NAME_COLLISION', segmentName: second })
  await t.rejects(shm.open(second, { readOnly: true }), { code: 'ERR_SHM_NAME_COLLISION' })
  await t.rejects(shm.destroy(second), { code: 'ERR_SHM_NAME_COLLISION' })
  t.equal(String(await segment.read()), 'of the first')
})

t.test('a name where a numeric key lives', async t => {
  const name = uniqueName()
  await withSegment(t, { reference: keyOf(name) })
  await t.rejects(shm.open(name), { code: 'ERR_SHM_NAME_COLLISION' })
})

t.test('unsigned keys are their negative twins', async t => {
  const unsigned = uniqueKey() + 0x80000000
  const segment = await withSegment(t, { reference: unsigned })
  t.equal(segment.key, unsigned - 2 ** 32)
  t.equal((await another(t, unsigned - 2 ** 32)).id, segment.id)
})

t.test('ftok as the C library derives it', async t => {
  const file = path.join(t.testdir({ file: '' }), 'file')
  const { ino, dev } = fs.statSync(file)
  const projectId = 0x5e
  const key = projectId << 24 | (dev & 0xff) << 16 | (ino & 0xffff)
  const segment = await withSegment(t, { reference: { ftok: [file, projectId] } })
  t.equal(segment.key, key)
  t.equal(segment.name, null)
  await shm.destroy({ ftok: [file, projectId] })
  t.ok(kernel.isFree(key))
})

t.test('ftok of what is not there', async t => {
  await t.rejects(shm.open({ ftok: ['/no/such/file', 1] }), { code: 'ERR_SHM_NOT_FOUND', syscall: 'stat', errno: 2 })
  await t.rejects(shm.open({ ftok: [path.join(__filename, 'x'), 1] }), { code: 'ERR_SHM_SYSTEM', syscall: 'stat', errno: 20, message: /ENOTDIR/ })
})

t.test('PRIVATE makes a segment without a key', async t => {
  const segment = await withSegment(t, { reference: shm.PRIVATE })
  const sibling = await withSegment(t, { reference: shm.PRIVATE })
  t.not(sibling.id, segment.id)
  t.equal(segment.key, null)
  t.equal(segment.name, null)
  await segment.write('private')
  const elsewhere = await run(async (shm, id) => {
    const segment = await shm.open({ id })
    await segment.write(`${await segment.read()}, and seen`)
    return { key: segment.key, incarnation: segment.incarnation }
  }, [segment.id])
  t.strictSame(elsewhere, { key: null, incarnation: segment.incarnation })
  t.equal(String(await segment.read()), 'private, and seen')
})

t.test('destroying a private segment removes its set too', rootOnly, async t => {
  const left = await run(async shm => {
    const fs = require('node:fs')
    const rows = file => fs.readFileSync(`/proc/sysvipc/${file}`, 'utf8').trim().split('\n').length - 1
    const segment = await shm.open(shm.PRIVATE)
    const made = [rows('shm'), rows('sem')]
    await shm.destroy({ id: segment.id })
    await segment.close()
    return { made, left: [rows('shm'), rows('sem')] }
  }, [], { shell: 'true' })
  t.strictSame(left, { made: [1, 1], left: [0, 0] })
})

t.test('by the kernel\'s id', async t => {
  const segment = await withSegment(t)
  const twin = await another(t, { id: segment.id })
  t.equal(twin.key, segment.key)
  await segment.write('both')
  t.equal(String(await twin.read()), 'both')
  await twin.destroy()
  await t.rejects(shm.open({ id: segment.id }), { code: 'ERR_SHM_DESTROYED' })
  await segment.close()
  await t.rejects(shm.open({ id: segment.id }), { code: 'ERR_SHM_NOT_FOUND' }, 'once the last has detached')
})

t.test('an id that is nobody\'s', async t => {
  await t.rejects(shm.open({ id: 2 ** 31 - 1 }), { code: 'ERR_SHM_NOT_FOUND', errno: 22 })
})

t.test('destroy', async t => {
  const key = reservedKey(t)
  await t.rejects(shm.destroy(key), { code: 'ERR_SHM_NOT_FOUND', key })
  const segment = await shm.open(key)
  t.equal(await shm.destroy(key), undefined)
  t.ok(kernel.isFree(key))
  await segment.close()
  await t.rejects(shm.destroy(key), { code: 'ERR_SHM_NOT_FOUND' })
  await t.rejects(shm.destroy(shm.PRIVATE), { code: 'ERR_INVALID_ARG_TYPE' })
})
