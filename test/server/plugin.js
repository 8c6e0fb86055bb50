'use strict'

const t = require('tap')
const http = require('node:http')
const { EventEmitter, once } = require('node:events')
const { PassThrough } = require('node:stream')
const { setTimeout } = require('node:timers/promises')
const Fastify = require('fastify')
const shm = require('shmnode')
const plugin = require('@shmnode/server')
const { hold, isProblem, noPeer, uniqueKey, uniqueName } = require('../helpers/server')
const { pattern } = require('../helpers/pattern')

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

/** Begins a write, over a connection, to an application whose host has these hooks. */
async function sendTo (t, hooks, headers = {}) {
  const fastify = Fastify()
  for (const [name, hook] of Object.entries(hooks)) fastify.addHook(name, hook)
  await fastify.register(plugin, { segment: { key: uniqueKey(t), capacity: 1024 * 1024 } })
  t.teardown(() => fastify.close())
  await fastify.listen({ host: '127.0.0.1', port: 0 })
  const outgoing = http.request({ host: '127.0.0.1', port: fastify.server.address().port, method: 'POST', path: '/write', headers })
  return { fastify, outgoing }
}

t.test('bodies that hooks of its host refuse are not counted any more', async t => {
  const preValidation = async () => { throw Object.assign(new Error('no'), { statusCode: 401 }) }
  const { fastify, outgoing } = await sendTo(t, { preValidation })
  outgoing.end(pattern(300_000, 1))
  const [incoming] = await once(outgoing, 'response')
  t.equal(incoming.statusCode, 401)
  await incoming.resume().toArray()
  t.equal(fastify.shm.limits.bodyBytes.used, 0)
})

t.test('nor are those of clients that leave while such a hook waits', async t => {
  const events = new EventEmitter()
  const preValidation = async request => {
    events.emit('waits')
    await once(request.raw.socket, 'close')
    setImmediate(() => events.emit('left'))
  }
  const { fastify, outgoing } = await sendTo(t, { preValidation })
  outgoing.on('error', () => {}).end(pattern(300_000, 1))
  await once(events, 'waits')
  t.equal(fastify.shm.limits.bodyBytes.used, 300_000)
  outgoing.destroy()
  await once(events, 'left')
  t.equal(fastify.shm.limits.bodyBytes.used, 0)
})

t.test('what hooks of its host make of a body is stored', async t => {
  const preParsing = async (request, reply, payload) => payload.pipe(new PassThrough())
  for (const length of [1, 16 * 1024, 16 * 1024 + 1, 300_000]) {
    const { fastify, outgoing } = await sendTo(t, { preParsing }, { 'content-length': length })
    outgoing.end(pattern(length, length))
    const [incoming] = await once(outgoing, 'response')
    t.ok(Buffer.concat(await incoming.toArray()).equals(pattern(length, length)), `${length} bytes`)
    while (fastify.shm.limits.bodyBytes.used > 0) await setTimeout(5)
  }
})

t.test('a body of which hooks of its host took a part alone is refused', async t => {
  for (const length of [1000, 300_000]) {
    const onRequest = async ({ raw }) => {
      raw.on('data', () => {})
      await setTimeout(20)
    }
    const { fastify, outgoing } = await sendTo(t, { onRequest }, { 'content-length': length })
    const half = length / 2
    outgoing.write(pattern(half, 1))
    setTimeout(200).then(() => outgoing.end(pattern(half, 2)))
    const [incoming] = await once(outgoing, 'response')
    isProblem(t, { statusCode: incoming.statusCode, headers: incoming.headers, body: Buffer.concat(await incoming.toArray()).toString() }, 400, 'ERR_BODY_INCOMPLETE')
    t.equal(fastify.shm.limits.bodyBytes.used, 0)
  }
})

t.test('a host that gives its handlers so much time', { skip: noPeer }, async t => {
  const key = uniqueKey(t)
  const fastify = Fastify({ handlerTimeout: 200 })
  await fastify.register(plugin, { segment: { key } })
  t.teardown(() => fastify.close())
  await fastify.inject({ method: 'POST', path: '/write', payload: 'before' })
  await hold(t, key, 0)
  isProblem(t, await fastify.inject({ method: 'POST', path: '/write', payload: 'x' }), 503, 'FST_ERR_HANDLER_TIMEOUT')
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

t.test('options that are mistakes', async t => {
  const register = async options => {
    const fastify = Fastify()
    t.teardown(() => fastify.close())
    await fastify.register(plugin, { segment: { key: uniqueKey(t) }, ...options })
  }
  const mistakes = {
    tokens: ['abc', ['abc'], [null], [{ token: 'abc' }], [{ token: 'abc', access: 'admin' }], [{ token: 'abc', access: 'toString' }], [{ token: '', access: 'read' }], [{ token: 'a b', access: 'read' }]],
    hosts: ['all', 'prices.example', ['http://x'], ['a:80'], [1], null],
    timeout: [0, -1, '100', 1.5, NaN, Infinity, 2 ** 31],
    heartbeat: [0, '1s'],
    rateLimit: [-1, '5', null],
    maxCapacity: [0, '1k'],
    maxBodyBytes: [0, -1, 1.5],
    maxAnswerBytes: [0],
    maxStreams: [0],
    maxWrites: [0, 1e9],
    segment: ['prices', null],
    serve: ['no'],
    token: ['abc'],
    stopTimeout: [1],
    Tokens: [[]]
  }
  for (const [name, values] of Object.entries(mistakes)) {
    for (const value of values) await t.rejects(register({ [name]: value }), { name: 'TypeError', message: new RegExp(`option '${name}'`) }, `${name}: ${JSON.stringify(value)}`)
  }
  await register({ tokens: undefined, hosts: ['prices.example', '[::1]', '::1'], timeout: 1000, rateLimit: 0, logLevel: 'warn' })
})

t.test('tokens by either spelling of what they allow', async t => {
  const accesses = { read: 'read', write: 'write', 'read-only': 'read', 'read-write': 'write' }
  const fastify = await build(t, { tokens: Object.keys(accesses).map(access => ({ token: access, access })) })
  for (const [token, access] of Object.entries(accesses)) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'text/plain' }
    t.equal((await fastify.inject({ method: 'POST', url: '/write', payload: 'x', headers })).statusCode, access === 'write' ? 200 : 403, token)
    t.ok((await fastify.inject({ url: '/read', headers })).statusCode < 300, `${token} reads`)
  }
})

t.test('from an ES module', async t => {
  const { default: imported } = await import('@shmnode/server')
  t.equal(imported, plugin)
})
