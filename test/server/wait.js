'use strict'

const t = require('tap')
const shm = require('shmnode')
const { prefersMinimal, secondsToWait } = require('../../server/lib/prefer')
const { build, listen, write, read, request, isProblem, uniqueName } = require('../helpers/server')

t.test('preferences', async t => {
  const seconds = { 'wait=5': 5, 'WAIT = "7"': 7, 'return=minimal, wait=3': 3, 'wait=3; x=y': 3, 'wait=999': 60, 'wait=0': 0 }
  for (const [header, expected] of Object.entries(seconds)) t.equal(secondsToWait(header), expected, header)
  for (const header of [undefined, '', 'wait', 'wait=', 'wait=x', 'wait=-1', 'wait=1.5', 'await=5', 'wait=1e9']) t.equal(secondsToWait(header), 0, header)
  for (const header of ['return=minimal', 'wait=1, Return="minimal"; a']) t.equal(prefersMinimal(header), true, header)
  for (const header of [undefined, '', 'return=representation', 'return', 'xreturn=minimal']) t.equal(prefersMinimal(header), false, header)
})

/** Waits for a version other than the one with this tag. */
const poll = (fastify, etag, seconds) => read(fastify, { 'if-none-match': etag, prefer: `wait=${seconds}` })
const waiting = async (fastify, count) => {
  while (fastify.shm.limits.streams.used < count) await new Promise(resolve => setTimeout(resolve, 5))
}

t.test('the answer comes with the next version', async t => {
  const { fastify, key } = await build(t)
  const { etag } = (await write(fastify, 'one')).headers
  const polls = Array.from({ length: 10 }, () => poll(fastify, etag, 60))
  await waiting(fastify, 10)
  const segment = await shm.open(key)
  t.teardown(() => segment.close())
  await segment.write('two')
  for (const response of await Promise.all(polls)) {
    t.match(response, { statusCode: 200, body: 'two', headers: { 'preference-applied': 'wait=60', 'shm-version': '2' } })
  }
  t.equal(fastify.shm.limits.streams.used, 0)
  t.match(await poll(fastify, etag, 60), { statusCode: 200, body: 'two' }, 'what is there already comes at once')
})

t.test('the next version is none that was asked for: If-Match', async t => {
  const { fastify, key } = await build(t)
  const { etag } = (await write(fastify, 'one')).headers
  const polling = read(fastify, { 'if-none-match': etag, 'if-match': etag, prefer: 'wait=60' })
  await waiting(fastify, 1)
  const segment = await shm.open(key)
  t.teardown(() => segment.close())
  await segment.write('two')
  t.equal((await polling).statusCode, 412)
})

t.test('304 when there is none in time', async t => {
  const { fastify } = await build(t)
  const { etag } = (await write(fastify, 'one')).headers
  const begun = performance.now()
  const response = await poll(fastify, etag, 1)
  t.match(response, { statusCode: 304, body: '', headers: { etag, 'preference-applied': 'wait=1' } })
  t.ok(performance.now() - begun >= 990)
  t.equal((await read(fastify, { 'if-none-match': '*', prefer: 'wait=60' })).statusCode, 304, '* would match the next one too')
  t.equal((await read(fastify, { prefer: 'wait=60' })).statusCode, 200, 'without a tag there is nothing to wait for')
})

t.test('for the first value', async t => {
  const { fastify } = await build(t)
  const { etag } = (await read(fastify)).headers
  const response = poll(fastify, etag, 60)
  await waiting(fastify, 1)
  await write(fastify, 'first')
  t.match(await response, { statusCode: 200, body: 'first' })
})

t.test('of several known versions, none is an answer', async t => {
  const { fastify } = await build(t)
  const one = (await write(fastify, 'one')).headers.etag
  const next = one.replace(/\.1"$/, '.2"')
  const response = poll(fastify, `${one}, ${next}`, 60)
  await waiting(fastify, 1)
  await write(fastify, 'two')
  await new Promise(resolve => setTimeout(resolve, 50))
  t.equal(fastify.shm.limits.streams.used, 1)
  await write(fastify, 'three')
  t.match(await response, { statusCode: 200, body: 'three' })
})

t.test('a segment that is made anew', async t => {
  const { fastify, key } = await build(t)
  const { etag } = (await write(fastify, 'one')).headers
  const response = poll(fastify, etag, 60)
  await waiting(fastify, 1)
  await shm.destroy(key)
  t.match(await response, { statusCode: 204, headers: { 'shm-version': '0' } })
})

t.test('a named segment that is destroyed', async t => {
  const { fastify } = await build(t)
  const url = `/segments/${uniqueName(t)}`
  const { etag } = (await fastify.inject({ method: 'PUT', url, payload: 'x' })).headers
  const response = fastify.inject({ url, headers: { 'if-none-match': etag, prefer: 'wait=60' } })
  await waiting(fastify, 1)
  t.equal((await fastify.inject({ method: 'DELETE', url })).statusCode, 204)
  isProblem(t, await response, 404, 'ERR_SHM_NOT_FOUND')
})

t.test('longer than a connection may be silent', async t => {
  const { fastify, port } = await listen(t)
  // As the application has it, but shorter.
  fastify.server.setTimeout(300)
  const { etag } = (await write(fastify, 'one')).headers
  const headers = { 'if-none-match': etag, prefer: 'wait=2' }
  t.equal((await request(port, { headers })).statusCode, 304)
})

t.test('closing answers them', async t => {
  const { fastify, port } = await listen(t)
  const { etag } = (await write(fastify, 'one')).headers
  const polls = Array.from({ length: 5 }, () => request(port, { headers: { 'if-none-match': etag, prefer: 'wait=60' } }))
  await waiting(fastify, 5)
  await fastify.close()
  for (const { statusCode } of await Promise.all(polls)) t.equal(statusCode, 304)
})

t.test('not too many', async t => {
  const { fastify } = await build(t, { maxStreams: 1 })
  const { etag } = (await write(fastify, 'one')).headers
  const first = poll(fastify, etag, 1)
  await waiting(fastify, 1)
  isProblem(t, await poll(fastify, etag, 1), 503, 'ERR_OVERLOAD')
  t.equal((await read(fastify, { 'if-none-match': etag })).statusCode, 304, 'who does not wait needs no place')
  t.equal((await first).statusCode, 304)
})
