'use strict'

const t = require('tap')
const { build, isProblem } = require('../../helpers/server')

t.test('the files of the page', async t => {
  const { fastify } = await build(t, { tokens: [{ token: 'secret', access: 'read' }] })
  const page = await fastify.inject('/')
  t.match(page, { statusCode: 200, headers: { 'content-type': /^text\/html/, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' } }, 'without a token')
  const policy = page.headers['content-security-policy']
  t.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/)
  t.notMatch(policy, /unsafe/)
  t.notMatch(page.body, /<style|style=|<script(?![^>]* src=)|\son\w+=/, 'nothing inline')
  const names = [...page.body.matchAll(/(?:src|href)="([^":]+\.(?:mjs|css))"/g)].map(match => match[1])
  t.ok(names.length >= 3)
  for (const name of [...names, 'vendor/preact.mjs', 'vendor/uplot.mjs']) {
    t.match(await fastify.inject(`/${name}`), { statusCode: 200, headers: { 'content-type': /^(text|application)\/(css|javascript)/, 'content-security-policy': policy } }, name)
  }
  t.equal((await fastify.inject({ url: '/', headers: { 'if-none-match': page.headers.etag } })).statusCode, 304)
  isProblem(t, await fastify.inject({ url: '/package.json', headers: { authorization: 'Bearer secret' } }), 404, 'ERR_ROUTE_NOT_FOUND')
  isProblem(t, await fastify.inject('/segments'), 401, 'ERR_TOKEN')
  t.notOk(Object.keys((await fastify.inject('/docs/json')).json().paths).some(path => /mjs|css|html/.test(path)), 'no part of the interface')
})
