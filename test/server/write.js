'use strict'

const t = require('tap')
const net = require('node:net')
const shm = require('shmnode')
const { build, listen, write, read, isProblem, request, exchange } = require('../helpers/server')

const JSON_TYPE = { 'content-type': 'application/json' }

t.test('answers with what the segment then holds', async t => {
  const { fastify, key } = await build(t)
  const text = '{ "b": [1,\t2.50],\n"a": "\u00e9\\u00e9" }'
  const response = await write(fastify, text, JSON_TYPE)
  const segment = await shm.open(key)
  t.teardown(() => segment.close())

  t.equal(response.statusCode, 200)
  t.equal(response.body, text, 'byte for byte')
  t.match(response.headers, {
    'content-type': 'application/json',
    etag: `"${segment.incarnation}.1"`,
    'shm-version': '1',
    'x-content-type-options': 'nosniff',
    'content-security-policy': 'sandbox'
  })
  t.match(await segment.snapshot(), { data: Buffer.from(text), mediaType: 'application/json', version: 1 })
  t.match(await read(fastify), { body: text, headers: { etag: response.headers.etag } })
})

t.test('JSON is stored as application/json whatever its parameters', async t => {
  const { fastify } = await build(t)
  const response = await write(fastify, 'null', { 'content-type': 'Application/JSON; charset=utf-8' })
  t.match(response, { statusCode: 200, body: 'null', headers: { 'content-type': 'application/json' } })
})

t.test('at once, where nothing has to be waited for', async t => {
  const { fastify } = await build(t)
  const calls = () => fastify.shm.segment.handle.stats().writes.calls
  await write(fastify, 'first', { 'content-type': 'text/plain' })
  await read(fastify)
  const before = calls()
  for (const [i, type] of ['text/plain', undefined, 'application/json', 'text/plain'].entries()) {
    const headers = type === undefined ? {} : { 'content-type': type }
    const response = await write(fastify, `${i}`, headers)
    t.match(response, { statusCode: 200, body: `${i}`, headers: { 'shm-version': `${i + 2}`, 'content-length': '1', 'content-type': type ?? 'application/octet-stream', 'x-content-type-options': 'nosniff', 'content-security-policy': 'sandbox' } })
    t.match(await read(fastify), { statusCode: 200, body: `${i}`, headers: { etag: response.headers.etag, 'content-type': type ?? 'application/octet-stream', 'content-length': '1' } })
  }
  t.comment(`${calls() - before} of 4 went to the pool`)
  isProblem(t, await write(fastify, 'x'.repeat(3000)), 413, 'ERR_SHM_TOO_LARGE')
})

t.test('bad JSON is refused and changes nothing', async t => {
  const { fastify } = await build(t)
  await write(fastify, '"old"', JSON_TYPE)
  const bad = ['', '{', '{"a":1}x', 'undefined', '\ufeff{}', Buffer.from([0x22, 0xff, 0x22]),
    '{"__proto__": {}}', '{"a": {"\\u005f_proto__": 1}}', '{"constructor": {"prototype": {}}}']
  for (const body of bad) isProblem(t, await write(fastify, body, JSON_TYPE), 400, 'ERR_JSON_INVALID')
  t.match(await read(fastify), { body: '"old"', headers: { 'shm-version': '1' } })
})

t.test('anything else is stored as it came', async t => {
  const { fastify } = await build(t)
  const bytes = Buffer.from([0, 1, 0xff, 0x7b])
  for (const type of ['text/plain; charset=utf-8', 'application/octet-stream', 'application/ld+json', 'x/' + 'y'.repeat(61)]) {
    const response = await write(fastify, bytes, { 'content-type': type })
    t.equal(response.statusCode, 200, type)
    t.same(response.rawPayload, bytes)
    t.equal(response.headers['content-type'], type)
    t.equal((await read(fastify)).headers['content-type'], type)
  }
})

t.test('no content type, no media type', async t => {
  const { fastify, key } = await build(t)
  const segment = await shm.open(key)
  t.teardown(() => segment.close())
  for (const body of ['bytes', undefined]) {
    const response = await write(fastify, body)
    t.match(response, { statusCode: 200, body: body ?? '', headers: { 'content-type': 'application/octet-stream' } })
    t.match(await segment.snapshot(), { mediaType: null, data: Buffer.from(body ?? '') })
  }
})

t.test('media types that cannot be stored are refused', async t => {
  const { fastify } = await build(t)
  for (const type of ['x/' + 'y'.repeat(62), 'text/plain; x="\u00e9"', 'text/plain; x="\t"']) {
    isProblem(t, await write(fastify, 'a', { 'content-type': type }), 415, 'ERR_MEDIA_TYPE')
  }
  isProblem(t, await write(fastify, 'a', { 'content-type': 'nonsense' }), 415, String)
  t.equal((await read(fastify)).statusCode, 204)
})

t.test('the capacity is the limit of the body', async t => {
  const { port } = await listen(t, { segment: { capacity: 100 } })
  const post = (size, headers) => request(port, { method: 'POST', path: '/write', headers, body: 'x'.repeat(size) })
  const chunked = { 'transfer-encoding': 'chunked' }

  t.equal((await post(100)).statusCode, 200, 'full')
  t.equal((await post(100, chunked)).statusCode, 200, 'full, chunked')
  const before = await request(port)
  for (const size of [101, 100_000, 4_000_000]) isProblem(t, await post(size, chunked), 413, 'ERR_SHM_TOO_LARGE')
  for (const size of [101, 100_000]) isProblem(t, await post(size), 413, 'ERR_SHM_TOO_LARGE')
  t.match(await request(port), { body: before.body, headers: { etag: before.headers.etag } }, 'nothing was stored')
})

t.test('a huge body is refused before it comes', async t => {
  const { port } = await listen(t)
  const answer = await exchange(port, 'POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\nx')
  t.match(answer, /^HTTP\/1.1 413 /)
  t.match(answer, /ERR_SHM_TOO_LARGE/)
})

t.test('a client that leaves during the upload leaves nothing behind', async t => {
  const { fastify, port } = await listen(t)
  await write(fastify, 'old')
  const socket = net.connect(port, '127.0.0.1')
  const arrived = new Promise(resolve => fastify.server.once('request', resolve))
  socket.write('POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nnew')
  const incoming = await arrived
  const gone = new Promise(resolve => incoming.once('close', resolve))
  socket.destroy()
  await gone
  t.match(await read(fastify), { body: 'old', headers: { 'shm-version': '1' } })
})

t.test('a part does not replace the whole', async t => {
  const { fastify } = await build(t)
  await write(fastify, '0123456789', { 'content-type': 'text/plain' })
  isProblem(t, await write(fastify, 'xx', { 'content-type': 'text/plain', 'content-range': 'bytes 0-1/10' }), 400, 'ERR_CONTENT_RANGE')
  t.equal((await read(fastify)).body, '0123456789')
})

t.test('an encoding would be lost with the bytes stored as they come', async t => {
  const { fastify } = await build(t)
  isProblem(t, await write(fastify, 'x', { 'content-type': 'text/plain', 'content-encoding': 'gzip' }), 415, 'ERR_CONTENT_ENCODING')
  t.equal((await write(fastify, 'x', { 'content-type': 'text/plain', 'content-encoding': 'identity' })).statusCode, 200)
})
