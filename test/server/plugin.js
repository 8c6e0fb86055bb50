'use strict'

const t = require('tap')
const Fastify = require('fastify')
const shm = require('shmnode')
const plugin = require('@shmnode/server')
const { uniqueKey, uniqueName, isProblem } = require('../helpers/server')

/** Somebody's application, with routes, an error handler and parsers of its own. */
async function build (t, options) {
  const fastify = Fastify()
  fastify.setErrorHandler((error, request, reply) => reply.code(error.statusCode ?? 500).send({ mine: error.message }))
  fastify.post('/echo', async request => request.body)
  fastify.get('/fail', async () => { throw new Error('oh') })
  await fastify.register(plugin, { segment: { key: uniqueKey(t) }, ...options })
  t.teardown(() => fastify.close())
  await fastify.ready()
  return fastify
}

t.test('under a prefix', async t => {
  const fastify = await build(t, { prefix: '/shm' })
  const name = uniqueName(t)
  const write = await fastify.inject({ method: 'POST', url: '/shm/write', payload: { a: 1 } })
  t.match(write, { statusCode: 200, body: '{"a":1}', headers: { 'shm-version': '1' } })
  t.match(await fastify.inject('/shm/read'), { statusCode: 200, body: '{"a":1}', headers: { etag: write.headers.etag } })
  t.equal((await fastify.inject({ method: 'PUT', url: `/shm/segments/${name}`, payload: 'x', headers: { 'content-type': 'text/plain' } })).statusCode, 201)
  t.ok((await fastify.inject('/shm/segments')).json().some(info => info.name === name))
  t.equal((await fastify.inject('/read')).statusCode, 404)
  isProblem(t, await fastify.inject('/shm/segments/none'), 404, 'ERR_SHM_NOT_FOUND')
})

t.test('what it is registered on stays as it is', async t => {
  const fastify = await build(t, { prefix: '/shm', tokens: [{ token: 'x', access: 'write' }] })
  isProblem(t, await fastify.inject('/shm/read'), 401, 'ERR_TOKEN')
  isProblem(t, await fastify.inject({ url: '/shm/read', headers: { host: 'evil.com' } }), 403, 'ERR_HOST_FOREIGN')
  const foreign = { host: 'evil.com', origin: 'http://evil.com' }
  t.same((await fastify.inject({ method: 'POST', url: '/echo', payload: { a: 1 }, headers: foreign })).json(), { a: 1 }, 'its parsers')
  t.same((await fastify.inject('/fail')).json(), { mine: 'oh' }, 'its error handler')
  t.match((await fastify.inject('/nothing')).json(), { message: /Route GET:\/nothing not found/ })
})

t.test('hooks of its host see what is sent', async t => {
  const fastify = Fastify()
  fastify.addHook('onSend', async (request, reply, payload) => {
    reply.header('x-mine', '1')
    return payload
  })
  await fastify.register(plugin, { segment: { key: uniqueKey(t) } })
  t.teardown(() => fastify.close())
  for (let i = 0; i < 3; i++) {
    t.match(await fastify.inject({ method: 'POST', url: '/write', payload: 'x' }), { statusCode: 200, body: 'x', headers: { 'x-mine': '1' } })
    t.match(await fastify.inject('/read'), { statusCode: 200, body: 'x', headers: { 'x-mine': '1' } })
  }
})

t.test('a decoration for handlers', async t => {
  const fastify = await build(t, { serve: false })
  const name = uniqueName(t)
  await fastify.shm.segment.use(segment => segment.write('one'))
  t.equal(String(await fastify.shm.segment.use(segment => segment.read())), 'one')
  const readNamed = () => fastify.shm.named.use(name, segment => segment.use(handle => handle.read()))
  await t.rejects(readNamed(), { code: 'ERR_SHM_NOT_FOUND' })
  const segment = await shm.open(name)
  t.teardown(() => segment.close())
  await segment.write('two')
  t.equal(String(await readNamed()), 'two')
  t.match((await fastify.shm.list()).filter(info => info.default), [{ version: 1 }])
  t.equal((await fastify.inject('/read')).statusCode, 404, 'nothing is served')
})

t.test('closed with it', async t => {
  const fastify = await build(t)
  const { handle } = fastify.shm.segment
  await fastify.close()
  await t.rejects(handle.read(), { code: 'ERR_SHM_CLOSED' })
})

t.test('any host, where something in front of it takes care of that', async t => {
  const fastify = await build(t, { hosts: 'any' })
  t.equal((await fastify.inject({ url: '/read', headers: { host: 'whatever.example' } })).statusCode, 204)
})

t.test('from an ES module', async t => {
  const { default: imported } = await import('@shmnode/server')
  t.equal(imported, plugin)
})
