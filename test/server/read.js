'use strict'

const t = require('tap')
const shm = require('shmnode')
const { build, write, read } = require('../helpers/server')

t.test('a value never written is 204, version 0', async t => {
  const { fastify } = await build(t)
  const response = await read(fastify)
  t.equal(response.statusCode, 204)
  t.equal(response.body, '')
  t.match(response.headers, { etag: /^"[0-9a-f]{16}\.0"$/, 'shm-version': '0', 'cache-control': 'no-cache' })
  t.notOk('content-type' in response.headers)
  t.notOk('last-modified' in response.headers)
})

t.test('a value comes with its facts', async t => {
  const { fastify, key } = await build(t)
  const segment = await shm.open(key)
  t.teardown(() => segment.close())
  await segment.write('one', { mediaType: 'text/plain' })
  const version = await segment.write(Buffer.from([0, 255, 13, 10]), { mediaType: 'image/x-test' })
  const { committedAt } = await segment.snapshot()

  const response = await read(fastify)
  t.equal(response.statusCode, 200)
  t.same(response.rawPayload, Buffer.from([0, 255, 13, 10]))
  t.match(response.headers, {
    'content-type': 'image/x-test',
    'content-length': '4',
    etag: `"${segment.incarnation}.${version}"`,
    'shm-version': String(version),
    'last-modified': committedAt.toUTCString(),
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
    'content-security-policy': 'sandbox'
  })
})

t.test('each read sees what was committed last', async t => {
  const { fastify, key } = await build(t)
  const segment = await shm.open(key)
  t.teardown(() => segment.close())
  for (let i = 1; i <= 20; i++) {
    await segment.write(`value ${i}`, { mediaType: `text/x-${i % 2}` })
    const { body, headers } = await read(fastify)
    t.equal(body, `value ${i}`)
    t.match(headers, { 'shm-version': String(i), 'content-type': `text/x-${i % 2}` })
  }
})

t.test('a value without a media type is application/octet-stream', async t => {
  const { fastify, key } = await build(t)
  const segment = await shm.open(key)
  t.teardown(() => segment.close())
  await segment.write('bytes')
  t.equal((await read(fastify)).headers['content-type'], 'application/octet-stream')
})

t.test('an empty value is 200', async t => {
  const { fastify } = await build(t)
  await write(fastify, '', { 'content-type': 'text/plain' })
  const response = await read(fastify)
  t.equal(response.statusCode, 200)
  t.equal(response.headers['content-length'], '0')
  t.equal(response.headers['content-type'], 'text/plain')
})

t.test('HEAD is GET without the bytes', async t => {
  const { fastify } = await build(t)
  t.equal((await fastify.inject({ method: 'HEAD', url: '/read' })).statusCode, 204)
  await write(fastify, '{"a":1}', { 'content-type': 'application/json' })
  const { headers: { date, ...expected } } = await read(fastify)
  const response = await fastify.inject({ method: 'HEAD', url: '/read' })
  t.equal(response.statusCode, 200)
  t.equal(response.body, '')
  t.match(response.headers, { ...expected, 'content-length': '7' })
})

t.test('If-None-Match', async t => {
  const { fastify } = await build(t)
  const unwritten = (await read(fastify)).headers.etag
  t.equal((await read(fastify, { 'if-none-match': '*' })).statusCode, 204, '* does not match what was never written')
  t.equal((await read(fastify, { 'if-none-match': unwritten })).statusCode, 304, 'but its tag does')

  await write(fastify, 'x', { 'content-type': 'text/plain' })
  const { etag } = (await read(fastify)).headers
  for (const matching of [etag, `W/${etag}`, '*', `"a", ${etag}`, `"a,b",W/${etag} , "c"`, `,, ${etag},`]) {
    const response = await read(fastify, { 'if-none-match': matching })
    t.equal(response.statusCode, 304, matching)
    t.equal(response.body, '')
    t.match(response.headers, { etag, 'shm-version': '1', 'cache-control': 'no-cache' })
    t.notOk('content-type' in response.headers)
  }
  for (const other of [unwritten, '"a"', etag.slice(1, -1), `"${etag}"`, '"', '', '"*"', `${etag} ${etag}`]) {
    t.equal((await read(fastify, { 'if-none-match': other })).statusCode, 200, other)
  }
  t.equal((await fastify.inject({ method: 'HEAD', url: '/read', headers: { 'if-none-match': etag } })).statusCode, 304, 'HEAD')
})
