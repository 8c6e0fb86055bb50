'use strict'

// The plugin on applications that are not made for it.

const t = require('tap')
const http2 = require('node:http2')
const { once } = require('node:events')
const net = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')
const rateLimit = require('@fastify/rate-limit')
const underPressure = require('@fastify/under-pressure')
const Fastify = require('fastify')
const plugin = require('@shmnode/server')
const { isProblem, uniqueKey, uniqueName } = require('../helpers/server')
const { pattern } = require('../helpers/pattern')

const MEBIBYTE = 1024 * 1024

/** The plugin, on an application that `prepare` has had before. */
async function host (t, prepare, { fastifyOptions, ...options } = {}) {
  const fastify = Fastify(fastifyOptions)
  t.teardown(() => fastify.close())
  await prepare?.(fastify)
  await fastify.register(plugin, { segment: { key: uniqueKey(t), capacity: MEBIBYTE }, ...options })
  return fastify
}

/** A write and a read by each way. */
async function serves (t, fastify, prefix = '') {
  const name = uniqueName(t)
  const put = await fastify.inject({ method: 'PUT', url: `${prefix}/segments/${name}?capacity=100`, payload: { a: 1 } })
  t.match(put, { statusCode: 201, body: '{"a":1}' })
  isProblem(t, await fastify.inject({ method: 'PUT', url: `${prefix}/segments/${name}?capacity=many`, payload: 'x' }), 400, 'FST_ERR_VALIDATION')
  isProblem(t, await fastify.inject(`${prefix}/watch?interval=much`), 400, 'FST_ERR_VALIDATION')
  t.ok((await fastify.inject(`${prefix}/segments`)).json().some(info => info.name === name && info.capacity === 100))
  t.match(await fastify.inject({ method: 'POST', url: `${prefix}/write`, payload: 'x'.repeat(20_000) }), { statusCode: 200, body: 'x'.repeat(20_000) })
  t.equal((await fastify.inject(`${prefix}/read`)).statusCode, 200)
  t.equal((await fastify.inject({ method: 'DELETE', url: `${prefix}/segments/${name}` })).statusCode, 204)
}

t.test('with decorations of its own', async t => {
  const fastify = await host(t, fastify => {
    for (const name of ['order', 'countedBody', 'segment', 'limits']) fastify.decorateRequest(name, null)
    for (const name of ['segment', 'limits', 'named']) fastify.decorate(name, {})
  })
  await serves(t, fastify)
})

t.test('with plugins that this one uses too', async t => {
  const prepare = async fastify => {
    await fastify.register(underPressure, { maxEventLoopDelay: 60_000 })
    await fastify.register(rateLimit, { max: 1000 })
  }
  await serves(t, await host(t, prepare, { rateLimit: 1000 }))
})

t.test('that does not coerce', async t => {
  for (const customOptions of [{ coerceTypes: false }, { coerceTypes: false, useDefaults: false, removeAdditional: false, strict: true }]) {
    await serves(t, await host(t, undefined, { fastifyOptions: { ajv: { customOptions } } }))
  }
})

t.test('whose schemas are of another kind', async t => {
  const notOurs = () => { throw new Error('this is no schema') }
  const fastify = await host(t, fastify => fastify.setValidatorCompiler(notOurs).setSerializerCompiler(notOurs))
  await serves(t, fastify)
})

t.test('twice', async t => {
  const fastify = await host(t)
  await t.rejects(async () => { await fastify.register(plugin, { prefix: '/b', segment: { key: uniqueKey(t) } }) }, { message: /has a decoration 'shm' already: register @shmnode\/server once in each scope/ })

  const both = Fastify()
  t.teardown(() => both.close())
  for (const prefix of ['/a', '/b']) {
    await both.register(async scope => { await scope.register(plugin, { prefix, segment: { key: uniqueKey(t), capacity: MEBIBYTE } }) })
  }
  for (const prefix of ['/a', '/b']) await both.inject({ method: 'POST', url: `${prefix}/write`, payload: prefix })
  for (const prefix of ['/a', '/b']) {
    t.equal((await both.inject(`${prefix}/read`)).body, prefix)
    await serves(t, both, prefix)
  }
})

/** An application that speaks HTTP/2, and `ask` for requests over one connection. */
async function overHttp2 (t) {
  const fastify = await host(t, undefined, { fastifyOptions: { http2: true } })
  const session = http2.connect(await fastify.listen({ host: '127.0.0.1', port: 0 }))
  t.teardown(() => session.close())
  const begin = async (headers, body) => {
    const stream = session.request(headers, { endStream: body === undefined })
    if (body !== undefined) stream.end(body)
    const [answer] = await once(stream, 'response')
    return { stream, headers: answer, statusCode: answer[':status'] }
  }
  const ask = async (headers, body) => {
    const { stream, ...answer } = await begin(headers, body)
    return { ...answer, body: Buffer.concat(await stream.toArray()) }
  }
  return { fastify, begin, ask }
}

const post = { ':method': 'POST', ':path': '/write' }
const get = { ':path': '/read' }

t.test('that speaks HTTP/2', async t => {
  const { fastify, ask } = await overHttp2(t)
  t.equal((await ask(get)).statusCode, 204)
  for (const length of [10, 20_000, MEBIBYTE]) {
    for (const headers of [{}, { 'content-length': length }]) {
      const body = pattern(length, length)
      const written = await ask({ ...post, ...headers }, body)
      t.ok(written.statusCode === 200 && written.body.equals(body), `${length} bytes written`)
      const read = await ask(get)
      t.ok(read.statusCode === 200 && read.body.equals(body) && read.headers.etag === written.headers.etag, 'and read')
    }
  }
  const { headers: { etag } } = await ask({ ...get, ':method': 'HEAD' })
  t.equal((await ask({ ...get, 'if-none-match': etag })).statusCode, 304)
  t.equal((await ask({ ...get, range: 'bytes=1-2' })).statusCode, 206)
  t.equal((await ask({ ...post, 'content-length': 2 * MEBIBYTE }, Buffer.alloc(2 * MEBIBYTE))).statusCode, 413)
  t.equal((await ask({ ':path': '/segments' })).statusCode, 200)
  while (fastify.shm.limits.bodyBytes.used > 0) await new Promise(resolve => setTimeout(resolve, 5))
})

t.test('where a stream of events keeps nobody waiting', async t => {
  const { ask, begin } = await overHttp2(t)
  const { stream, statusCode } = await begin({ ':path': '/watch' })
  t.equal(statusCode, 200)
  t.equal((await ask(post, 'x')).statusCode, 200)
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) if ((text += chunk).includes('id: 1')) break
  t.match(text, /id: 1\n/)
})

t.test('and who asks there is looked at as everywhere', async t => {
  const { ask } = await overHttp2(t)
  const code = async headers => JSON.parse((await ask({ ...get, ...headers })).body).code
  t.equal(await code({ ':authority': 'evil.com' }), 'ERR_HOST_FOREIGN')
  t.equal(await code({ ':authority': 'localhost', host: 'evil.com' }), 'ERR_HOST_COUNT')
  t.equal(await code({ 'sec-fetch-site': 'cross-site' }), 'ERR_CROSS_SITE')
  t.equal((await ask({ ...post, ':authority': 'localhost', origin: 'http://evil.com' }, 'x')).statusCode, 403)
  t.equal((await ask({ ...post, ':authority': 'localhost', origin: 'http://localhost' }, 'x')).statusCode, 200)
})

for (const [version, fastifyOptions] of [['1.1', {}], ['2', { http2: true }]]) {
  t.test(`a client that has left before its handler runs, by HTTP/${version}`, async t => {
    let left = 0
    const prepare = fastify => fastify.addHook('onRequest', (request, { raw }, done) => {
      if (request.headers['x-leaves'] === undefined) return done()
      ;(raw.stream ?? raw).once('close', () => setImmediate(() => { left++; done() }))
    })
    const fastify = await host(t, prepare, { fastifyOptions, maxStreams: 10 })
    await fastify.listen({ port: 0, host: '127.0.0.1' })
    t.equal((await fastify.inject({ method: 'POST', url: '/write', payload: 'x'.repeat(100_000) })).statusCode, 200)
    const { port } = fastify.server.address()
    const paths = ['/read', '/watch', '/read', '/watch']
    for (const path of paths) await leave(port, path, fastify, version)
    while (left < paths.length) await sleep(5)
    const { answerBytes, streams } = fastify.shm.limits
    for (let i = 0; i < 500 && (i < 20 || answerBytes.used + streams.used > 0); i++) await sleep(10)
    t.match({ answerBytes, streams }, { answerBytes: { used: 0 }, streams: { used: 0 } })
  })
}

/** Asks, and is gone once that has come. */
async function leave (port, path, { server }, version) {
  const came = once(server, 'request')
  if (version === '1.1') {
    const socket = net.connect(port, '127.0.0.1').on('error', () => {})
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Leaves: yes\r\n\r\n`)
    await came
    return socket.resetAndDestroy()
  }
  const client = http2.connect(`http://127.0.0.1:${port}`).on('error', () => {})
  const request = client.request({ ':path': path, 'x-leaves': 'yes' }).on('error', () => {})
  await came
  request.close(http2.constants.NGHTTP2_CANCEL)
  client.close()
}
