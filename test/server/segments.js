'use strict'

const t = require('tap')
const shm = require('shmnode')
const keys = require('../helpers/keys')
const kernel = require('../helpers/kernel')
const { build, listen, uniqueName, isProblem, request } = require('../helpers/server')

const TEXT = { 'content-type': 'text/plain' }

/** The application, and shorthands for requests to a segment of its own. */
async function named (t, options) {
  const { fastify, key } = await build(t, options)
  const name = uniqueName(t)
  const url = `/segments/${name}`
  return {
    fastify,
    key,
    name,
    url,
    get: headers => fastify.inject({ url, headers }),
    put: (payload, headers, query) => fastify.inject({ method: 'PUT', url, payload, headers: { ...TEXT, ...headers }, query }),
    remove: headers => fastify.inject({ method: 'DELETE', url, headers })
  }
}

t.test('a segment comes and goes', async t => {
  const { name, get, put, remove } = await named(t)
  isProblem(t, await get(), 404, 'ERR_SHM_NOT_FOUND')
  const made = await put('one')
  t.match(made, { statusCode: 201, body: 'one', headers: { 'shm-version': '1', 'content-type': 'text/plain', 'content-security-policy': 'sandbox' } })
  const replaced = await put('two')
  t.match(replaced, { statusCode: 200, body: 'two', headers: { 'shm-version': '2' } })
  t.match(await get(), { statusCode: 200, body: 'two', headers: { etag: replaced.headers.etag, 'content-type': 'text/plain', 'cache-control': 'no-cache' } })

  const segment = await shm.open(name)
  t.equal(String(await segment.read()), 'two', 'the same for everybody')
  t.equal(segment.capacity, 2048)
  await segment.close()

  t.match(await remove(), { statusCode: 204, body: '' })
  isProblem(t, await get(), 404, 'ERR_SHM_NOT_FOUND')
  isProblem(t, await remove(), 404, 'ERR_SHM_NOT_FOUND')
  t.match(await put('three'), { statusCode: 201, headers: { 'shm-version': '1' } })
})

t.test('made by others', async t => {
  const { name, fastify, url, get, put } = await named(t)
  const segment = await shm.open(name, { capacity: 10 })
  t.teardown(() => segment.close())
  t.match(await get(), { statusCode: 204, headers: { 'shm-version': '0' } })
  t.equal((await fastify.inject({ method: 'HEAD', url })).statusCode, 204)
  isProblem(t, await put('x'.repeat(11)), 413, 'ERR_SHM_TOO_LARGE')
  t.equal((await put('x'.repeat(10))).statusCode, 201)
  await segment.destroy()
  isProblem(t, await get(), 404, 'ERR_SHM_NOT_FOUND')
  t.equal((await put('x'.repeat(11))).statusCode, 201, 'another one takes its place')
})

t.test('the capacity of a new one', async t => {
  const { name, put, remove } = await named(t)
  const capacity = async () => (await shm.list()).find(info => info.name === name).capacity
  await put('x'.repeat(5000))
  t.equal(await capacity(), 5000, 'as much as it takes')
  isProblem(t, await put('x', {}, { capacity: '6000' }), 409, 'ERR_SHM_CAPACITY')
  t.equal((await put('y', {}, { capacity: '10' })).statusCode, 200)
  await remove()
  await put('x', {}, { capacity: '6000' })
  t.equal(await capacity(), 6000)
  await remove()
  isProblem(t, await put('xx', {}, { capacity: '1' }), 413, 'ERR_SHM_TOO_LARGE')
  t.notOk((await shm.list()).some(info => info.name === name), 'refused before it is made')
  for (const wrong of ['0', '-1', 'x', '1.5', '']) isProblem(t, await put('x', {}, { capacity: wrong }), 400, 'FST_ERR_VALIDATION')
})

t.test('the largest that may be made', async t => {
  const { name, put } = await named(t, { maxCapacity: 5000 })
  isProblem(t, await put('x'.repeat(5001)), 413, 'ERR_SHM_TOO_LARGE')
  isProblem(t, await put('x', {}, { capacity: '5001' }), 413, 'ERR_SHM_TOO_LARGE')
  t.notOk((await shm.list()).some(info => info.name === name))
  t.equal((await put('x'.repeat(5000))).statusCode, 201)
})

t.test('conditions', async t => {
  const { name, get, put } = await named(t)
  for (const condition of [{ 'if-match': '*' }, { 'if-match': '"0123456789abcdef.1"' }]) {
    isProblem(t, await put('no', condition), 412, 'ERR_SHM_VERSION_CONFLICT')
  }
  t.notOk((await shm.list()).some(info => info.name === name), 'nothing was made')
  const { headers: { etag } } = await put('one', { 'if-none-match': '*' })
  isProblem(t, await put('two', { 'if-none-match': '*' }), 412, 'ERR_SHM_VERSION_CONFLICT')
  t.equal((await get({ 'if-none-match': etag })).statusCode, 304)
  t.equal((await put('two', { 'if-match': etag })).statusCode, 200)
  isProblem(t, await put('three', { 'if-match': etag }), 412, 'ERR_SHM_VERSION_CONFLICT')
})

t.test('deleted only if it is what was meant', async t => {
  const { get, put, remove } = await named(t)
  const { headers: { etag } } = await put('one')
  await put('two')
  const refused = await remove({ 'if-match': etag })
  isProblem(t, refused, 412, 'ERR_SHM_VERSION_CONFLICT')
  t.equal(refused.headers['shm-version'], '2')
  isProblem(t, await remove({ 'if-none-match': '*' }), 412, 'ERR_SHM_VERSION_CONFLICT')
  isProblem(t, await remove({ 'if-match': 'x' }), 400, 'ERR_PRECONDITION_MALFORMED')
  t.equal((await get()).body, 'two')
  t.equal((await remove({ 'if-match': (await get()).headers.etag })).statusCode, 204)
  isProblem(t, await remove({ 'if-match': '*' }), 404, 'ERR_SHM_NOT_FOUND')
})

t.test('of forty racers one makes it', async t => {
  const { get, put } = await named(t)
  const responses = await Promise.all(Array.from({ length: 40 }, (_, i) => put(`racer ${i}`, { 'if-none-match': '*' })))
  const winners = responses.filter(({ statusCode }) => statusCode === 201)
  t.equal(winners.length, 1)
  t.equal(responses.filter(({ statusCode }) => statusCode === 412).length, 39)
  t.match(await get(), { body: winners[0].body, headers: { 'shm-version': '1' } })
})

t.test('writers and destroyers at once', async t => {
  const { put, remove } = await named(t)
  const requests = Array.from({ length: 60 }, (_, i) => i % 3 === 0 ? remove() : put(`${i}`))
  for (const { statusCode } of await Promise.all(requests)) t.match(String(statusCode), /^20[014]$|^404$/)
})

t.test('names', async t => {
  const { fastify } = await build(t)
  const wrong = ['a%20b', '%00', 'a%00', 'x'.repeat(64), '%2fetc', 'a%2f..%2fb', '%c3%a9', '%ed%a0%80', 'key:1']
  for (const name of wrong) {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const { statusCode } = await fastify.inject({ method, url: `/segments/${name}`, ...(method === 'PUT' && { payload: 'x' }) })
      t.equal(statusCode, 400, `${method} ${name}`)
    }
  }
  isProblem(t, await fastify.inject(`/segments/${'x'.repeat(300)}`), 414, 'FST_ERR_MAX_PARAM_LENGTH')
  for (const name of ['%zz', '%']) isProblem(t, await fastify.inject(`/segments/${name}`), 400, 'FST_ERR_BAD_URL')
  for (const name of ['__proto__', 'constructor', '...', '-', 'x'.repeat(63)]) {
    isProblem(t, await fastify.inject(`/segments/${name}`), 404, 'ERR_SHM_NOT_FOUND')
  }
})

t.test('dots are a name like others', async t => {
  const { port } = await listen(t)
  for (const name of ['..', '%2e%2e', '%2E']) isProblem(t, await request(port, { path: `/segments/${name}` }), 404, 'ERR_SHM_NOT_FOUND')
})

t.test('what has the key of a name', async t => {
  const { fastify } = await build(t)
  const [one, two] = keys.collidingNames()
  const segment = await shm.open(one)
  t.teardown(() => segment.destroy())
  for (const method of ['GET', 'PUT']) isProblem(t, await fastify.inject({ method, url: `/segments/${two}` }), 409, 'ERR_SHM_NAME_COLLISION')
})

t.test('the list', async t => {
  const { fastify, key, name, put } = await named(t)
  await put('12345')
  await fastify.inject({ method: 'POST', url: '/write', payload: '"x"', headers: { 'content-type': 'application/json' } })
  const { statusCode, headers, body } = await fastify.inject('/segments')
  t.equal(statusCode, 200)
  t.match(headers, { 'content-type': /^application\/json/, 'cache-control': 'no-store' })
  const infos = JSON.parse(body)
  const ours = infos.find(info => info.name === name)
  const [{ posix, ...expected }] = (await shm.list()).filter(info => info.name === name)
  t.equal(posix, false)
  t.same(ours, JSON.parse(JSON.stringify({ ...expected, default: false })), 'all that the library tells')
  t.match(ours, { capacity: 2048, length: 5, version: 1, writerPid: process.pid, mediaType: 'text/plain', committedAt: /^\d{4}-.*Z$/ })
  t.match(infos.filter(info => info.default), [{ key, name: null, version: 1, mediaType: 'application/json' }], 'one is the default')
})

t.test('one that was never written has no facts of a value', async t => {
  const { fastify, key } = await build(t)
  const ours = (await fastify.inject('/segments')).json().find(info => info.key === key)
  t.match(ours, { version: 0, length: 0, committedAt: null, writerPid: null, mediaType: null })
})

t.test('what nobody uses is let go', async t => {
  const { name, put } = await named(t)
  await put('x')
  const attached = () => kernel.under(keys.keyOf(name)).segments[0].nattch
  while (attached() !== 1) await new Promise(resolve => setTimeout(resolve, 5)) // others that list all look at it, too
  while (attached() > 0) await new Promise(resolve => setTimeout(resolve, 100))
  t.pass('it is closed')
  t.equal((await put('y')).statusCode, 200, 'and opened again')
})

t.test('bodies over real connections', async t => {
  const { port } = await listen(t)
  const path = `/segments/${uniqueName(t)}`
  const put = (body, headers) => request(port, { method: 'PUT', path, headers, body })
  t.equal((await put('x'.repeat(3000))).statusCode, 201)
  t.equal((await put('x'.repeat(3000), { 'transfer-encoding': 'chunked' })).statusCode, 200)
  isProblem(t, await put('x'.repeat(3001), { 'transfer-encoding': 'chunked' }), 413, 'ERR_SHM_TOO_LARGE')
  isProblem(t, await put('x'.repeat(3001)), 413, 'ERR_SHM_TOO_LARGE')
  t.equal((await request(port, { path })).headers['shm-version'], '2')
})

t.test('only the version, if the client prefers', async t => {
  const { put } = await named(t)
  const response = await put('x', { prefer: 'respond-async, return=minimal' })
  t.match(response, { statusCode: 204, body: '', headers: { 'preference-applied': 'return=minimal', 'shm-version': '1', etag: String } })
})
