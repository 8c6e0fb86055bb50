'use strict'

// The server on a raw segment: the text of the classic C program.

const fs = require('node:fs')
const net = require('node:net')
const { setTimeout } = require('node:timers/promises')
const t = require('tap')
const shm = require('shmnode')
const { classic, classicHolder, holdRaw } = require('../helpers/peer')
const { build, isProblem, listen, read, request, start, uniqueKey, write } = require('../helpers/server')

const TEXT = { 'content-type': 'text/plain' }
const JSON_TYPE = { 'content-type': 'application/json' }
const raw = { layout: 'raw', nulTerminated: true }
const buildRaw = (t, segment) => build(t, { segment: { ...raw, ...segment }, timeout: 200 })

function isText (t, response, text) {
  t.equal(response.statusCode, 200)
  t.equal(response.body, text)
  t.match(response.headers, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'content-security-policy': 'sandbox' })
  for (const name of ['etag', 'shm-version', 'last-modified']) t.notOk(name in response.headers, `no ${name}`)
}

t.test('text, without versions', async t => {
  const { fastify, key } = await buildRaw(t)
  isText(t, await read(fastify), '')
  isText(t, await write(fastify, 'a longer text', TEXT), 'a longer text')
  isText(t, await write(fastify, 'hällo', TEXT), 'hällo')
  isText(t, await read(fastify), 'hällo')
  isText(t, await write(fastify, '{"a": 1}', JSON_TYPE), '{"a": 1}')
  isText(t, await write(fastify, ''), '')
  const segment = await shm.open(key, raw)
  await segment.write('from elsewhere')
  isText(t, await read(fastify), 'from elsewhere')
  const { statusCode, body, headers } = await fastify.inject({ method: 'HEAD', url: '/read' })
  t.match({ statusCode, body, length: headers['content-length'] }, { statusCode: 200, body: '', length: '14' })
  await segment.close()
})

t.test('conditional requests are not implemented', async t => {
  const { fastify } = await buildRaw(t)
  for (const headers of [{ 'if-match': '*' }, { 'if-match': '"a.1"' }, { 'if-none-match': '*' }, { 'if-none-match': '"a.1"' }, { 'if-none-match': 'nonsense' }]) {
    isProblem(t, await write(fastify, 'x', { ...TEXT, ...headers }), 501, 'ERR_SHM_UNSUPPORTED')
    isProblem(t, await read(fastify, headers), 501, 'ERR_SHM_UNSUPPORTED')
  }
  isText(t, await read(fastify), '')
})

t.test('what cannot be stored', async t => {
  const { fastify } = await buildRaw(t, { capacity: 64 })
  isText(t, await write(fastify, 'x'.repeat(63), TEXT), 'x'.repeat(63))
  isProblem(t, await write(fastify, 'x'.repeat(64), TEXT), 413, 'ERR_SHM_TOO_LARGE')
  isProblem(t, await write(fastify, 'x'.repeat(65), TEXT), 413, 'ERR_SHM_TOO_LARGE')
  isProblem(t, await write(fastify, 'a\0b', TEXT), 400, 'ERR_TEXT_NUL')
  isProblem(t, await write(fastify, '{"a":', JSON_TYPE), 400, 'ERR_JSON_INVALID')
  isProblem(t, await write(fastify, 'x', { ...TEXT, 'content-encoding': 'gzip' }), 415, 'ERR_CONTENT_ENCODING')
  isText(t, await read(fastify), 'x'.repeat(63))
})

t.test('a lock that is held', async t => {
  const { fastify, key } = await buildRaw(t)
  const holder = await holdRaw(t, key)
  isProblem(t, await write(fastify, 'x', TEXT), 503, 'ERR_SHM_TIMEOUT')
  isProblem(t, await read(fastify), 503, 'ERR_SHM_TIMEOUT')
  await holder.kill()
  isText(t, await write(fastify, 'x', TEXT), 'x')
})

t.test('a client that leaves ends its wait for the lock', async t => {
  const { fastify, key, port } = await listen(t, { segment: raw, timeout: 10 * 60_000 })
  const holder = await holdRaw(t, key)
  const requests = ['GET /read HTTP/1.1\r\nHost: localhost\r\n\r\n', 'POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nnew']
  const clients = requests.map(text => net.connect(port, '127.0.0.1', function () { this.write(text) }))
  while (fastify.shm.pending() < clients.length) await setTimeout(10)
  await setTimeout(200)
  for (const client of clients) client.destroy()
  while (fastify.shm.pending() > 0) await setTimeout(10)
  await holder.kill()
  isText(t, await read(fastify), '')
})

t.test('a segment that was destroyed is made anew', async t => {
  const { fastify, key } = await buildRaw(t)
  await write(fastify, 'x', TEXT)
  await shm.destroy(key, { layout: 'raw' })
  isText(t, await read(fastify), '')
  isText(t, await write(fastify, 'y', TEXT), 'y')
})

t.test('the classic program and the server exchange text both ways', async t => {
  const key = uniqueKey(t)
  const semaphore = `/shmnode-t-${key}`
  t.teardown(() => fs.rmSync(`/dev/shm/sem.${semaphore.slice(1)}`, { force: true }))
  for (const env of [{}, { SHM_SEMAPHORE: semaphore }]) {
    await classic(key, 'write', 'from C')
    const { child, port } = await start(t, { SHM_KEY: String(key), SHM_LAYOUT: 'raw', ...env })
    t.match(await request(port), { statusCode: 200, body: 'from C' })
    t.match(await request(port, { method: 'POST', path: '/write', body: 'from the server', headers: TEXT }), { statusCode: 200, body: 'from the server' })
    t.equal(await classic(key, 'read'), 'from the server\n')
    await classic(key, 'write', 'C')
    t.match(await request(port), { statusCode: 200, body: 'C' }, 'a shorter text leaves no tail')
    t.match(await request(port, { path: '/health/ready' }), { statusCode: 200 })
    child.kill('SIGTERM')
    t.same(await child.ended, { code: 0, signal: null })
  }
  t.equal(await classic(key, 'read'), 'C\n', 'the segment stays')
})

t.test('a program that has the semaphore keeps the server out', async t => {
  const key = uniqueKey(t)
  const semaphore = `/shmnode-t-${key}`
  t.teardown(() => fs.rmSync(`/dev/shm/sem.${semaphore.slice(1)}`))
  await classicHolder(t, key, semaphore)
  const { fastify } = await buildRaw(t, { key, semaphore })
  isProblem(t, await write(fastify, 'x', TEXT), 503, 'ERR_SHM_TIMEOUT')
  isProblem(t, await read(fastify), 503, 'ERR_SHM_TIMEOUT')
})
