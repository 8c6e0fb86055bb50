'use strict'

const t = require('tap')
const { parseTokens, Tokens } = require('../../server/lib/tokens')
const { build, listen, exchange, isProblem, uniqueName } = require('../helpers/server')

const READER = 'reader-0123456789abcdef'
const WRITER = 'writer-0123456789abcdef'
const TOKENS = parseTokens(`read-only:${READER} read-write:${WRITER}`)

const bearer = token => ({ authorization: `Bearer ${token}` })

t.test('lists', async t => {
  t.same(parseTokens('a'), [{ token: 'a', access: 'write' }])
  t.same(parseTokens(' read-only:a,\n read-write:b==\tc, '), [{ token: 'a', access: 'read' }, { token: 'b==', access: 'write' }, { token: 'c', access: 'write' }])
  t.same(parseTokens(' ,'), [])
  for (const wrong of ['read:a', 'a:b', ':a', 'read-only:', 'read-only:a:b', 'a=b', '"a"', 'ä', 'a;b', '__proto__:a', 'toString:a']) t.equal(parseTokens(wrong), null, wrong)
})

t.test('what a token allows', async t => {
  const tokens = new Tokens(parseTokens('read-only:r read-write:w read-only:both read-write:both'))
  const expected = { r: 'read', w: 'write', both: 'write', x: null, R: null, rr: null, '': null }
  for (const [token, access] of Object.entries(expected)) t.equal(tokens.accessOf(`Bearer ${token}`), access, token)
  t.equal(tokens.accessOf('bearer  w '), 'write')
  for (const header of [undefined, '', 'w', 'Basic w', 'Bearer', 'Bearer w w', 'Bearer w, Bearer w', 'xBearer w']) t.equal(tokens.accessOf(header), null, header)
})

t.test('nothing without a token', async t => {
  const { fastify } = await build(t, { tokens: TOKENS })
  const name = uniqueName(t)
  const requests = [['GET', '/read'], ['HEAD', '/read'], ['POST', '/write'], ['GET', '/watch'], ['GET', '/segments'], ['GET', `/segments/${name}`],
    ['PUT', `/segments/${name}`], ['DELETE', `/segments/${name}`], ['GET', `/segments/${name}/watch`], ['GET', '/metrics'], ['GET', '/nothing'], ['PATCH', '/read']]
  for (const [method, url] of requests) {
    for (const headers of [{}, bearer('wrong'), bearer(READER + 'x'), bearer(READER.slice(1)), { authorization: `Basic ${READER}` }]) {
      const response = await fastify.inject({ method, url, headers })
      t.equal(response.statusCode, 401, `${method} ${url}`)
      t.match(response.headers['www-authenticate'], /^Bearer realm="shmnode"/)
      if (method !== 'HEAD') isProblem(t, response, 401, 'ERR_TOKEN')
    }
  }
})

t.test('who may read, and who may write', async t => {
  const { fastify } = await build(t, { tokens: TOKENS })
  const url = `/segments/${uniqueName(t)}`
  const post = token => fastify.inject({ method: 'POST', url: '/write', payload: 'x', headers: { 'content-type': 'text/plain', ...bearer(token) } })
  isProblem(t, await post(READER), 403, 'ERR_TOKEN_READ_ONLY')
  t.equal((await fastify.inject({ url: '/read', headers: bearer(READER) })).statusCode, 204)
  t.equal((await post(WRITER)).statusCode, 200)
  t.equal((await fastify.inject({ url: '/read', headers: bearer(WRITER) })).body, 'x')
  isProblem(t, await fastify.inject({ method: 'PUT', url, payload: 'x', headers: bearer(READER) }), 403, 'ERR_TOKEN_READ_ONLY')
  t.equal((await fastify.inject({ method: 'PUT', url, payload: 'x', headers: bearer(WRITER) })).statusCode, 201)
  isProblem(t, await fastify.inject({ method: 'DELETE', url, headers: bearer(READER) }), 403, 'ERR_TOKEN_READ_ONLY')
  t.equal((await fastify.inject({ url, headers: bearer(READER) })).body, 'x')
  t.equal((await fastify.inject({ method: 'DELETE', url, headers: bearer(WRITER) })).statusCode, 204)
})

t.test('what everybody may see', async t => {
  const { fastify } = await build(t, { tokens: TOKENS })
  for (const url of ['/health/live', '/health/ready', '/docs/json']) t.equal((await fastify.inject(url)).statusCode, 200, url)
})

t.test('a very long token', async t => {
  const { port } = await listen(t, { tokens: TOKENS })
  const ask = length => exchange(port, `GET /read HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${'x'.repeat(length)}\r\nConnection: close\r\n\r\n`)
  t.match(await ask(10_000), /^HTTP\/1.1 401 /)
  t.match(await ask(100_000), /^HTTP\/1.1 431 /)
})
