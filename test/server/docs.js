'use strict'

const t = require('tap')
const { build } = require('../helpers/server')

t.test('OpenAPI', async t => {
  const { fastify } = await build(t)
  const response = await fastify.inject('/docs/json')
  t.equal(response.statusCode, 200)
  const { openapi, paths, components } = response.json()
  t.match(openapi, /^3\.1\./)
  const expected = {
    '/read': ['get'],
    '/write': ['post'],
    '/watch': ['get'],
    '/segments': ['get'],
    '/segments/{name}': ['delete', 'get', 'put'],
    '/segments/{name}/watch': ['get'],
    '/health/live': ['get'],
    '/health/ready': ['get'],
    '/metrics': ['get']
  }
  for (const [path, methods] of Object.entries(expected)) {
    t.same(Object.keys(paths[path]).sort(), methods, path)
    for (const method of methods) {
      const { summary, tags, responses, parameters = [], requestBody } = paths[path][method]
      t.match({ summary, tags }, { summary: /\.$/, tags: [String] })
      t.ok(['2', '4', '5'].every(first => Object.keys(responses).some(status => status.startsWith(first))), 'what it answers')
      t.equal(responses['4XX'].content['application/problem+json'].schema.$ref, '#/components/schemas/problem')
      t.equal(parameters.some(({ name }) => name === 'name'), path.includes('{name}'))
      t.equal(requestBody !== undefined, ['put', 'post'].includes(method))
    }
  }
  t.ok(components.schemas.problem.properties.code)
})

t.test('for people', async t => {
  const { fastify } = await build(t)
  const response = await fastify.inject('/docs/')
  t.equal(response.statusCode, 200)
  t.match(response.headers, { 'content-type': /^text\/html/, 'content-security-policy': /script-src 'self'/ })
  t.notMatch(response.headers['content-security-policy'], /upgrade-insecure-requests/, 'also over plain HTTP')
  t.notMatch(response.body, /<script>[^<]/, 'no inline script')
})
