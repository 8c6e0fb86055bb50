'use strict'

const t = require('tap')
const Fastify = require('fastify')
const app = require('../../server/app')
const { toAnswer } = require('../../server/lib/problem')
const serverOptions = require('../../server/server-options')
const { build, hold, listen, isProblem, exchange, noPeer, uniqueKey, write, read } = require('../helpers/server')

t.test('what is not there', async t => {
  const { fastify } = await build(t)
  isProblem(t, await fastify.inject('/nothing?a=b'), 404, 'ERR_ROUTE_NOT_FOUND')
  t.equal((await fastify.inject('/nothing?a=b')).json().instance, '/nothing')
  isProblem(t, await fastify.inject('/docs/static/nothing.js'), 404, 'ERR_ROUTE_NOT_FOUND')
  const badBody = { payload: '{', headers: { 'content-type': 'application/json' } }
  isProblem(t, await fastify.inject({ method: 'POST', url: '/nothing', ...badBody }), 404, 'ERR_ROUTE_NOT_FOUND')
  for (const url of ['/%zz', '/%']) isProblem(t, await fastify.inject(url), 400, 'FST_ERR_BAD_URL')
})

t.test('methods that a route does not have', async t => {
  const { fastify } = await build(t)
  const allowed = { '/read': 'GET, HEAD', '/write': 'POST', '/health/live': 'GET, HEAD' }
  for (const [url, allow] of Object.entries(allowed)) {
    for (const method of ['DELETE', 'PUT', 'OPTIONS']) {
      const response = await fastify.inject({ method, url })
      isProblem(t, response, 405, 'ERR_METHOD_NOT_ALLOWED')
      t.equal(response.headers.allow, allow)
    }
  }
})

t.test('what is no HTTP', async t => {
  const { port } = await listen(t)
  const bad = {
    '400 Bad Request': [
      'GARBAGE\r\n\r\n',
      'POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
    ],
    '431 Request Header Fields Too Large': [`GET /read HTTP/1.1\r\nHost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`]
  }
  for (const [status, texts] of Object.entries(bad)) {
    for (const text of texts) {
      const answer = await exchange(port, text)
      t.equal(answer.split('\r\n')[0], `HTTP/1.1 ${status}`)
      t.match(answer, /\r\ncontent-type: application\/problem\+json\r\n/)
      t.match(JSON.parse(answer.split('\r\n\r\n')[1]), { status: Number(status.slice(0, 3)), code: /^ERR_/ })
    }
  }
})

t.test('what comes too slowly', async t => {
  const { port } = await listen(t, { requestTimeout: 1000 })
  const [headers, body] = await Promise.all([
    exchange(port, 'GET /read HTTP/1.1\r\nHost: loc'),
    exchange(port, 'POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nslow')
  ])
  t.match(headers, /^HTTP\/1.1 408 [^]*ERR_REQUEST_TIMEOUT/)
  t.match(body, /^HTTP\/1.1 408 [^]*ERR_REQUEST_TIMEOUT/)
})

t.test('errors of the segment', async t => {
  const statuses = {
    ERR_SHM_TOO_LARGE: 413,
    ERR_SHM_VERSION_CONFLICT: 412,
    ERR_SHM_TIMEOUT: 503,
    ERR_SHM_BUSY: 503,
    ERR_SHM_QUEUE_FULL: 503,
    ERR_SHM_DESTROYED: 503,
    ERR_SHM_CLOSED: 503,
    ERR_SHM_UNSUPPORTED: 501,
    ERR_SHM_NO_SPACE: 507,
    ERR_SHM_CORRUPT: 500,
    ERR_SHM_SYSTEM: 500
  }
  for (const [code, status] of Object.entries(statuses)) {
    const answer = toAnswer(Object.assign(new Error('secret'), { code }), '/read')
    t.equal(answer.status, status, code)
    t.equal(answer.headers['retry-after'], status === 503 ? '1' : undefined)
    t.match(JSON.parse(answer.body), { status, code })
    t.notMatch(String(answer.body), /secret/)
  }
})

t.test('other errors say nothing of themselves', async t => {
  const ofTheSystem = Object.assign(new Error('secret'), { code: 'ENOENT', statusCode: 500 })
  for (const error of [new TypeError('secret'), ofTheSystem, new Error('secret')]) {
    const answer = toAnswer(error)
    t.match(JSON.parse(answer.body), { status: 500, code: 'ERR_INTERNAL' })
    t.notMatch(String(answer.body), /secret/)
  }
})

t.test('what a client can bring about is logged without a stack', { skip: noPeer }, async t => {
  const lines = []
  const key = uniqueKey(t)
  const fastify = Fastify({ ...serverOptions(), logger: { level: 'info', stream: { write: line => lines.push(JSON.parse(line)) } } })
  fastify.register(app, { timeout: 50, segment: { key } })
  t.teardown(() => fastify.close())
  await fastify.ready()
  await hold(t, key, 60_000)
  isProblem(t, await write(fastify, 'x'), 503, 'ERR_SHM_TIMEOUT')
  isProblem(t, await write(fastify, 'x', { 'if-unmodified-since': new Date().toUTCString() }), 501, 'ERR_PRECONDITION_UNSUPPORTED')
  fastify.shm.segment.use = async () => { throw new TypeError('a mistake') }
  isProblem(t, await write(fastify, 'x'), 500, 'ERR_INTERNAL')
  const failed = lines.filter(({ msg }) => msg === 'request failed')
  t.match(failed, [
    { level: 40, status: 503, code: 'ERR_SHM_TIMEOUT', reason: String, method: 'POST', url: '/write', requestId: String },
    { level: 30, status: 501, code: 'ERR_PRECONDITION_UNSUPPORTED' },
    { level: 50, err: { stack: /TypeError: a mistake\n +at / } }
  ])
  t.same(failed.filter(line => /\n +at /.test(JSON.stringify(line).replaceAll('\\n', '\n'))).length, 1, 'one stack')
})

t.test('an error does not stop the server', async t => {
  const { fastify } = await build(t)
  await write(fastify, '{', { 'content-type': 'application/json' })
  t.equal((await write(fastify, '{}', { 'content-type': 'application/json' })).statusCode, 200)
  t.equal((await read(fastify)).body, '{}')
})
