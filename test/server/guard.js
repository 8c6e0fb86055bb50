'use strict'

const t = require('tap')
const { build, listen, write, isProblem, exchange } = require('../helpers/server')

t.test('only hosts of this machine', async t => {
  const { fastify } = await build(t, { hosts: ['127.0.0.2'] })
  const get = host => fastify.inject({ url: '/health/live', headers: { host } })
  const ours = ['localhost', 'LocalHost:1', '127.0.0.1', '127.0.0.1:8080', '[::1]', '[::1]:8080', '127.0.0.2', '127.0.0.2:99']
  for (const host of ours) t.equal((await get(host)).statusCode, 200, host)
  const foreign = ['evil.com', 'localhost.evil.com', '127.0.0.1.evil.com', 'evil.com:80', 'localhost:80@evil.com', '127.0.0.3',
    '127.0.0.20', '[::2]', 'localhost:123456', ' ']
  for (const host of foreign) isProblem(t, await get(host), 403, 'ERR_HOST_FOREIGN')
})

t.test('an IPv6 address of its own', async t => {
  const { fastify } = await build(t, { hosts: ['0:0:0:0:0:0:0:1'] })
  t.equal((await fastify.inject({ url: '/health/live', headers: { host: '[0:0:0:0:0:0:0:1]:80' } })).statusCode, 200)
})

t.test('exactly one Host header', async t => {
  const { port } = await listen(t)
  const two = await exchange(port, 'GET /read HTTP/1.1\r\nHost: localhost\r\nhost: evil.com\r\nConnection: close\r\n\r\n')
  t.match(two, /^HTTP\/1.1 400 [^]*ERR_HOST_COUNT/)
  const none = await exchange(port, 'GET /read HTTP/1.0\r\n\r\n')
  t.match(none, /^HTTP\/1.1 400 [^]*ERR_HOST_COUNT/)
  for (const path of ['/read', '/nothing', '/health/live']) {
    t.match(await exchange(port, `GET ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`), /^HTTP\/1.1 400 [^]*ERR_HOST_COUNT/)
  }
})

t.test('pages of other sites do not write', async t => {
  const { fastify } = await build(t)
  const post = headers => write(fastify, 'x', { host: 'localhost:80', 'content-type': 'text/plain', ...headers })
  const refused = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    { origin: 'http://evil.com' },
    { origin: 'null' },
    { origin: 'http://localhost:3000' },
    { origin: 'http://localhost:80.evil.com' }
  ]
  for (const headers of refused) isProblem(t, await post(headers), 403, 'ERR_CROSS_SITE')
  t.equal((await fastify.inject('/read')).statusCode, 204, 'nothing was stored')

  const accepted = [{}, { origin: 'http://localhost:80', 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }]
  for (const headers of accepted) t.equal((await post(headers)).statusCode, 200)
})

t.test('pages of other sites do not embed', async t => {
  const { fastify } = await build(t)
  const get = headers => fastify.inject({ url: '/read', headers })
  isProblem(t, await get({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }), 403, 'ERR_CROSS_SITE')
  t.equal((await get({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).statusCode, 204, 'but people follow links')
})
