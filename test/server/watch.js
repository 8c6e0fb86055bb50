'use strict'

const t = require('tap')
const http = require('node:http')
const shm = require('shmnode')
const { listen, watch, uniqueName, isProblem, request } = require('../helpers/server')

async function watched (t, options) {
  const listening = await listen(t, options)
  const segment = await shm.open(listening.key)
  t.teardown(() => segment.close())
  return { ...listening, segment }
}

t.test('versions as they come', async t => {
  const { port, segment } = await watched(t)
  await segment.write('one', { mediaType: 'text/plain' })
  const stream = await watch(t, port)
  t.match(stream, { statusCode: 200, headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' } })
  const { committedAt } = await segment.snapshot()
  const first = await stream.next()
  t.equal(first.id, '1', 'the current value first')
  t.same(first.data, {
    version: 1,
    length: 3,
    committedAt: committedAt.toISOString(),
    writerPid: process.pid,
    mediaType: 'text/plain',
    etag: `"${segment.incarnation}.1"`
  })
  for (let version = 2; version < 10; version++) {
    await segment.write('x'.repeat(version))
    t.match(await stream.next(), { id: String(version), data: { version, length: version, mediaType: null } })
  }
})

t.test('what was never written says nothing until it is', async t => {
  const { port, segment } = await watched(t)
  const stream = await watch(t, port)
  t.same(await stream.block(), { retry: '1000' }, 'but the stream is open')
  const next = stream.next()
  await segment.write('one')
  t.match(await next, { id: '1' })
})

t.test('not more often than asked', async t => {
  const { port, segment } = await watched(t)
  const stream = await watch(t, port, { path: '/watch?interval=50' })
  const began = performance.now()
  let version = 0
  const writer = setInterval(async () => { version = await segment.write('x') }, 2)
  t.teardown(() => clearInterval(writer))
  let id = 0
  for (let events = 0; events < 5; events++) id = Number((await stream.next()).id)
  t.ok(performance.now() - began >= 4 * 49, 'the time of four intervals')
  t.ok(id > 5, 'with the newest at the end of each')
  clearInterval(writer)
  while (id < version) id = Number((await stream.next()).id)
  isProblem(t, await request(port, { path: '/watch?interval=1001' }), 400, 'FST_ERR_VALIDATION')
})

t.test('resumed by the last event', async t => {
  const { port, segment } = await watched(t)
  for (let i = 1; i <= 3; i++) await segment.write(`${i}`)
  const first = async (headers, query = '') => {
    const stream = await watch(t, port, { headers, path: `/watch${query}` })
    await stream.block()
    const next = stream.next()
    const timer = setTimeout(() => segment.write('later'), 100)
    const { id } = await next
    clearTimeout(timer)
    stream.close()
    return Number(id)
  }
  const { incarnation } = segment
  t.equal(await first({ 'last-event-id': '2' }), 3, 'what it has missed')
  t.equal(await first({ 'last-event-id': `${incarnation}.1` }), 3)
  t.equal(await first({}, '?after=2'), 3)
  t.equal(await first({ 'last-event-id': '1' }, `?after=${incarnation}.3`), 3, 'the header counts first')
  t.equal(await first({ 'last-event-id': '99' }), 3, 'a version that there has not been is of another segment')
  t.equal(await first({ 'last-event-id': '0123456789abcdef.3' }), 3, 'so is another incarnation')
  for (const nonsense of ['', 'x', '-1', '1e3', '1.5', '9'.repeat(20)]) t.equal(await first({ 'last-event-id': nonsense }), 3, nonsense)
  t.equal(await first({ 'last-event-id': '3' }), 3, 'a version alone may be of a segment before: once more')
  t.equal(await first({ 'last-event-id': `${incarnation}.3` }), 4, 'nothing missed: the next')
  t.equal(await first({ 'last-event-id': `"${incarnation}.4"` }), 5, 'an entity-tag')
})

t.test('resumed after the segment was made anew', async t => {
  const { port, fastify } = await listen(t)
  const url = `/segments/${uniqueName(t)}`
  const put = payload => fastify.inject({ method: 'PUT', url, payload })
  const first = async (headers, query = '') => (await watch(t, port, { headers, path: `${url}/watch?value=utf8${query}` })).next()
  await put('old')
  const { id, data: { etag } } = await first({})
  await fastify.inject({ method: 'DELETE', url })
  await put('new')
  const anew = { id, data: { version: 1, value: 'new' } }
  t.match(await first({ 'last-event-id': id }), anew, 'as many versions as before')
  t.match(await first({}, `&after=${id}`), anew)
  t.match(await first({ 'last-event-id': etag }), anew)
})

t.test('with values', async t => {
  const { port, segment } = await watched(t, { segment: { capacity: 100_000 } })
  const [none, text, base64] = await Promise.all(['', '?value=utf8', '?value=base64'].map(query => watch(t, port, { path: `/watch${query}` })))
  const check = async (value, expected) => {
    await segment.write(value)
    t.notOk('value' in (await none.next()).data)
    t.equal((await text.next()).data.value, expected)
    t.equal((await base64.next()).data.value, expected && Buffer.from(value).toString('base64'))
  }
  await check('two\nlines\r\n\u00e9 </script>', 'two\nlines\r\n\u00e9 </script>')
  await check('', '')
  await check('x'.repeat(64 * 1024), 'x'.repeat(64 * 1024))
  await check('x'.repeat(64 * 1024 + 1), undefined)
  isProblem(t, await request(port, { path: '/watch?value=hex' }), 400, 'FST_ERR_VALIDATION')
})

t.test('signs of life', async t => {
  const { port, segment } = await watched(t, { heartbeat: 50 })
  const stream = await watch(t, port)
  t.same(await stream.block(), { retry: '1000' })
  for (let i = 0; i < 3; i++) t.same(await stream.block(), {})
  await segment.write('x')
  t.match(await stream.next(), { id: '1' })
})

t.test('a segment that is destroyed and made again goes on in the same stream', async t => {
  const { port, segment, key } = await watched(t)
  await segment.write('old')
  const stream = await watch(t, port)
  const old = await stream.next()
  await shm.destroy(key)
  const next = await stream.next()
  t.match(next, { id: '0', data: { version: 0, length: 0, committedAt: null } })
  t.not(next.data.etag.split('.')[0], old.data.etag.split('.')[0])
  const successor = await shm.open(key)
  t.teardown(() => successor.close())
  await successor.write('new')
  t.match(await stream.next(), { id: '1' })
})

t.test('many streams see every last version', async t => {
  const { port, segment } = await watched(t)
  const streams = await Promise.all(Array.from({ length: 50 }, () => watch(t, port)))
  for (let i = 0; i < 200; i++) await segment.write(`${i}`)
  const seen = await Promise.all(streams.map(async stream => {
    const versions = []
    do versions.push(Number((await stream.next()).id)); while (versions.at(-1) < 200)
    return versions
  }))
  for (const versions of seen) t.same(versions, [...versions].sort((a, b) => a - b), 'rising')
})

t.test('named segments', async t => {
  const { port } = await watched(t)
  const name = uniqueName(t)
  const path = `/segments/${name}/watch`
  isProblem(t, await request(port, { path }), 404, 'ERR_SHM_NOT_FOUND')
  const segment = await shm.open(name)
  t.teardown(() => segment.close())
  const stream = await watch(t, port, { path })
  await segment.write('one')
  t.match(await stream.next(), { id: '1', data: { length: 3 } })
  await segment.destroy()
  t.match(await stream.block(), { event: 'destroyed', data: {} })
  t.equal(await stream.block(), null, 'it ends with the segment')
  isProblem(t, await request(port, { path }), 404, 'ERR_SHM_NOT_FOUND')
})

t.test('no HEAD, and not too many', async t => {
  const { port, fastify } = await watched(t, { maxStreams: 2 })
  t.equal((await fastify.inject({ method: 'HEAD', url: '/watch' })).statusCode, 405)
  const one = await watch(t, port)
  await watch(t, port)
  const refused = await request(port, { path: '/watch' })
  isProblem(t, refused, 503, 'ERR_OVERLOAD')
  t.equal(refused.headers['retry-after'], '1')
  one.close()
  while (fastify.shm.limits.streams.used > 1) await new Promise(resolve => setTimeout(resolve, 10))
  t.equal((await watch(t, port)).statusCode, 200, 'who leaves makes room')
})

t.test('closing ends them', async t => {
  const { port, fastify } = await watched(t)
  const agent = new http.Agent({ keepAlive: true })
  const streams = await Promise.all(Array.from({ length: 10 }, () => watch(t, port)))
  await Promise.all(streams.map(stream => stream.block()))
  const ends = Promise.all(streams.map(stream => stream.next()))
  await fastify.close()
  for (const end of await ends) t.equal(end, null, 'complete')
  t.equal(fastify.shm.limits.streams.used, 0)
  agent.destroy()
})
