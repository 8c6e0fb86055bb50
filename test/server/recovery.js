'use strict'

const t = require('tap')
const shm = require('shmnode')
const kernel = require('../helpers/kernel')
const { removeSegment, removeSet } = require('../helpers/raw')
const { build, write, read, isProblem, hold, noPeer } = require('../helpers/server')

t.test('a destroyed segment is made again', async t => {
  const { fastify, key } = await build(t)
  const { etag } = (await write(fastify, 'old')).headers
  await shm.destroy(key)
  const after = await read(fastify)
  t.equal(after.statusCode, 204, 'read')
  t.not(after.headers.etag.split('.')[0], etag.split('.')[0], 'another incarnation')

  await shm.destroy(key)
  t.match(await write(fastify, 'new'), { statusCode: 200, headers: { 'shm-version': '1' } }, 'write')
  t.equal((await read(fastify)).body, 'new')

  await shm.destroy(key)
  t.equal((await fastify.inject('/health/ready')).statusCode, 200, 'health')
})

t.test('conditions are about the segment that is there now', async t => {
  const { fastify, key } = await build(t)
  const { etag } = (await write(fastify, 'old')).headers
  await shm.destroy(key)
  t.match(await write(fastify, 'new', { 'if-none-match': '*' }), { statusCode: 200, headers: { 'shm-version': '1' } })
  isProblem(t, await write(fastify, 'newer', { 'if-match': etag }), 412, 'ERR_SHM_VERSION_CONFLICT')
  await shm.destroy(key)
  isProblem(t, await write(fastify, 'newer', { 'if-match': '*' }), 412, 'ERR_SHM_VERSION_CONFLICT')
})

t.test('a lock that somebody removed is replaced, and nothing is lost', async t => {
  const { fastify, key } = await build(t)
  const { etag } = (await write(fastify, 'kept')).headers
  for (const { semid } of kernel.under(key).sets) removeSet(semid)
  t.match(await read(fastify), { statusCode: 200, body: 'kept', headers: { etag } }, 'read')
  t.match(await write(fastify, 'next', { 'if-match': etag }), { statusCode: 200, headers: { 'shm-version': '2' } }, 'write')
  t.equal((await read(fastify)).headers.etag.split('.')[0], etag.split('.')[0], 'the same incarnation')
})

t.test('a segment that somebody removed behind its back', async t => {
  const { fastify, key } = await build(t)
  for (const patience of [0, 150]) {
    await write(fastify, 'old')
    for (const { shmid } of kernel.under(key).segments) removeSegment(shmid)
    const other = await shm.open(key)
    t.teardown(() => other.close())
    await new Promise(resolve => setTimeout(resolve, patience))
    t.match(await write(fastify, 'new'), { statusCode: 200, headers: { 'shm-version': '1' } })
    t.equal(String(await other.read()), 'new', 'the one that is there now has it')
    t.equal((await read(fastify)).body, 'new')
  }
})

t.test('many requests find out at once', async t => {
  const { fastify, key } = await build(t)
  await write(fastify, 'old')
  for (let round = 0; round < 5; round++) {
    await shm.destroy(key)
    const responses = await Promise.all(Array.from({ length: 20 }, (_, i) => i % 2 ? read(fastify) : write(fastify, `${i}`)))
    for (const { statusCode } of responses) t.match(statusCode, /^20[04]$/)
    const { version, attached } = await shm.open(key).then(async segment => {
      const info = await segment.stat()
      await segment.close()
      return info
    })
    t.equal(version, 10)
    t.equal(attached, 1, 'handles of one process share their attach')
  }
})

t.test('the capacity of the new segment counts', async t => {
  const { fastify, key } = await build(t, { segment: { capacity: 10 } })
  isProblem(t, await write(fastify, 'x'.repeat(20)), 413, 'ERR_SHM_TOO_LARGE')
  await shm.destroy(key)
  const segment = await shm.open(key, { capacity: 50 })
  await segment.close()
  t.equal((await read(fastify)).statusCode, 204)
  t.equal((await write(fastify, 'x'.repeat(20))).statusCode, 200)
})

t.test('while the lock is held', { skip: noPeer }, async t => {
  const { fastify, key } = await build(t, { timeout: 100 })
  await write(fastify, 'old')
  const holder = await hold(t, key, 60_000)
  const refused = await write(fastify, 'new')
  isProblem(t, refused, 503, 'ERR_SHM_TIMEOUT')
  t.equal(refused.headers['retry-after'], '1')
  t.equal((await read(fastify)).body, 'old', 'reads go on')
  t.equal((await fastify.inject('/health/ready')).statusCode, 200)
  const gone = new Promise(resolve => holder.once('close', resolve))
  holder.kill('SIGKILL')
  await gone
  t.equal((await write(fastify, 'new')).statusCode, 200, 'and after its holder was killed writes do')
})
