'use strict'

// What is said of POSIX shared memory: names, facts, lists, errors. test/posix runs the other suites over it.

const fs = require('node:fs')
const t = require('tap')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { fnv1a } = require('../helpers/keys')
const { pathOf, uniquePosixName } = require('../helpers/memory')
const { another, remove, withSegment } = require('../helpers/segment')

const POSIX = { posix: true }
const RAW = { posix: true, layout: 'raw' }
const setsOf = name => kernel.sets().filter(({ key }) => key === fnv1a(name))

t.test('a cell: what it says of itself, and of its file', async t => {
  const name = uniquePosixName()
  const segment = await withSegment(t, { reference: name, ...POSIX, capacity: 5000, slots: 4, mode: 0o640 })
  t.match(segment, { posix: true, id: null, key: null, name, capacity: 5000, layout: 'cell', readOnly: false })
  t.equal(await segment.write('a value'), 1)
  const { createdAt, committedAt, ...facts } = await segment.stat()
  t.strictSame(facts, {
    id: null,
    posix: true,
    key: null,
    name,
    layout: 'cell',
    layoutVersion: '1.0',
    capacity: 5000,
    slots: 4,
    checksum: false,
    incarnation: segment.incarnation,
    creatorPid: process.pid,
    segmentBytes: 4096 + 4 * 8192,
    mode: 0o640,
    uid: process.geteuid(),
    gid: process.getegid(),
    attached: null,
    length: 7,
    version: 1,
    writerPid: process.pid,
    mediaType: null
  })
  t.strictSame((await shm.list()).find(info => info.name === name), await segment.stat(), 'listed')
  t.match(fs.statSync(pathOf(name)), { size: facts.segmentBytes, mode: 0o100640 }, 'the file')
  t.match(setsOf(name), [{ nsems: 4, perms: 640 }], 'its lock')
})

t.test('made, opened again, destroyed', async t => {
  const name = uniquePosixName()
  await t.rejects(shm.open(name, { ...POSIX, create: false }), { code: 'ERR_SHM_NOT_FOUND', segmentName: name })
  await t.rejects(shm.destroy(name, POSIX), { code: 'ERR_SHM_NOT_FOUND' })
  const segment = await withSegment(t, { reference: name, ...POSIX, exclusive: true })
  await segment.write('kept')
  await segment.close()
  const again = await another(t, name, { ...POSIX, create: false })
  t.equal(String(await again.read()), 'kept')
  const reader = await another(t, name, { ...POSIX, readOnly: true })
  t.equal(String(reader.readSync()), 'kept')
  await t.rejects(reader.write('x'), { code: 'ERR_SHM_READ_ONLY' })
  await t.rejects(shm.open(name, { ...POSIX, exclusive: true }), { code: 'ERR_SHM_EXISTS' })
  await shm.destroy(name, POSIX)
  for (const call of [() => again.read(), () => again.write('x'), () => reader.read()]) await t.rejects(call, { code: 'ERR_SHM_DESTROYED' })
  t.throws(() => reader.readSync(), { code: 'ERR_SHM_DESTROYED' })
  t.notOk(fs.existsSync(pathOf(name)) || setsOf(name).length > 0, 'nothing is left')
})

t.test('watch, also of who only reads', async t => {
  const name = uniquePosixName()
  const segment = await withSegment(t, { reference: name, ...POSIX })
  const reader = await another(t, name, { ...POSIX, readOnly: true })
  const changes = [segment, reader].map(one => one.watch()[Symbol.asyncIterator]())
  const next = changes.map(change => change.next())
  await segment.write('seen')
  for (const result of await Promise.all(next)) t.match(result, { value: { version: 1, data: Buffer.from('seen') } })
  const last = changes.map(change => change.next())
  fs.unlinkSync(pathOf(name))
  await Promise.all(last.map(result => t.rejects(result, { code: 'ERR_SHM_DESTROYED' }, 'as a rm of the file ends it')))
})

t.test('raw: the bytes of a file', async t => {
  const name = uniquePosixName()
  t.teardown(() => remove(name, 'raw', true))
  fs.writeFileSync(pathOf(name), 'as others wrote it')
  const segment = await another(t, name, RAW)
  t.match(segment, { posix: true, id: null, key: null, name, capacity: 18, layout: 'raw' })
  t.equal(String(await segment.read()), 'as others wrote it')
  await segment.write('WE', { offset: 10 })
  segment.view()[0] = 0x41
  t.equal(fs.readFileSync(pathOf(name), 'utf8'), 'As others WEote it')
  t.match(await segment.stat(), { posix: true, id: null, key: null, name, attached: null, creatorPid: null, segmentBytes: 18 })
  t.match((await shm.list({ layout: 'raw' })).find(info => info.name === name), { posix: true, segmentBytes: 18 })
  await t.rejects(shm.open(name, POSIX), { code: 'ERR_SHM_LAYOUT' }, 'is no cell')
  await segment.destroy()
  t.notOk(fs.existsSync(pathOf(name)) || setsOf(name).length > 0, 'nothing is left')
})

t.test('a file that somebody makes shorter: an error, and no crash', async t => {
  const name = uniquePosixName()
  const segment = await withSegment(t, { reference: name, ...POSIX, capacity: 100_000 })
  await segment.write(Buffer.alloc(100_000, 'x'))
  fs.truncateSync(pathOf(name), 0)
  for (const call of [() => segment.readSync(), () => segment.writeSync('x')]) t.throws(call, { code: 'ERR_SHM_DESTROYED' })
  for (const call of [() => segment.read(), () => segment.write('x'), () => segment.snapshot()]) await t.rejects(call, { code: 'ERR_SHM_DESTROYED' })
  await t.rejects(shm.destroy(name, POSIX), { code: 'ERR_SHM_LAYOUT' }, 'without its magic it might be anybody\'s')
  await shm.destroy(name, RAW)
  t.strictSame(setsOf(name), [], 'its set, too')
  const other = uniquePosixName()
  const raw = await withSegment(t, { reference: other, ...RAW, capacity: 100_000 })
  const view = raw.view()
  fs.truncateSync(pathOf(other), 0)
  t.ok(view.every(byte => byte === 0), 'zeros, and nothing of a cell')
  await t.rejects(raw.read(), { code: 'ERR_SHM_DESTROYED' })
})

t.test('a file of somebody, and what is no name', async t => {
  const name = uniquePosixName()
  t.teardown(() => fs.unlinkSync(pathOf(name)))
  for (const bytes of [0, 1, 4096, 16_384]) {
    fs.writeFileSync(pathOf(name), Buffer.alloc(bytes))
    await t.rejects(shm.open(name, POSIX), { code: 'ERR_SHM_LAYOUT' }, `${bytes} bytes`)
    await t.rejects(shm.destroy(name, POSIX), { code: 'ERR_SHM_LAYOUT' })
    t.ok(fs.readFileSync(pathOf(name)).equals(Buffer.alloc(bytes)), 'left as it was')
  }
  fs.writeFileSync(pathOf(name), '')
  await t.rejects(shm.open(name, { ...POSIX, layout: 'raw' }), { code: 'ERR_SHM_CAPACITY', message: /is an empty file/ })
  for (const wrong of ['', 'name', '/', '/.', '/..', '//a', '/a/b', '/a b', `/${'x'.repeat(63)}`]) {
    await t.rejects(shm.open(wrong, POSIX), { code: 'ERR_INVALID_ARG_VALUE' }, wrong)
  }
  for (const wrong of [1, { id: 1 }, shm.PRIVATE]) await t.rejects(shm.open(wrong, POSIX), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(shm.open('/name'), { code: 'ERR_INVALID_ARG_VALUE', message: /posix: true/ })
  await t.rejects(shm.open('/name', { posix: 1 }), { code: 'ERR_INVALID_ARG_TYPE' })
})
