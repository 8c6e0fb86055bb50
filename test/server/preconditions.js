'use strict'

const t = require('tap')
const { build, write, read, isProblem, uniqueName } = require('../helpers/server')

const post = (fastify, body, headers) => write(fastify, body, { 'content-type': 'text/plain', ...headers })

t.test('If-None-Match: * creates only', async t => {
  const { fastify } = await build(t)
  t.equal((await post(fastify, 'first', { 'if-none-match': '*' })).statusCode, 200)
  const second = await post(fastify, 'second', { 'if-none-match': '*' })
  isProblem(t, second, 412, 'ERR_SHM_VERSION_CONFLICT')
  t.match(second.headers, { 'shm-version': '1', etag: (await read(fastify)).headers.etag })
  t.equal((await read(fastify)).body, 'first')
})

t.test('If-Match: * replaces only', async t => {
  const { fastify } = await build(t)
  isProblem(t, await post(fastify, 'first', { 'if-match': '*' }), 412, 'ERR_SHM_VERSION_CONFLICT')
  await post(fastify, 'first')
  t.equal((await post(fastify, 'second', { 'if-match': '*' })).statusCode, 200)
})

t.test('If-Match compares strongly', async t => {
  const { fastify } = await build(t)
  const stale = (await post(fastify, 'one')).headers.etag
  const { etag } = (await post(fastify, 'two')).headers

  for (const other of [stale, `W/${etag}`, '"x"', `"x", W/${etag}`]) {
    const response = await post(fastify, 'no', { 'if-match': other })
    isProblem(t, response, 412, 'ERR_SHM_VERSION_CONFLICT')
    t.match(response.headers, { etag, 'shm-version': '2' })
  }
  const third = await post(fastify, 'three', { 'if-match': `"x", ${etag}` })
  t.match(third, { statusCode: 200, headers: { 'shm-version': '3' } })
})

t.test('If-None-Match with tags compares weakly', async t => {
  const { fastify } = await build(t)
  const stale = (await post(fastify, 'one')).headers.etag
  const { etag } = (await post(fastify, 'two')).headers
  const [incarnation] = etag.slice(1).split('.')

  for (const tags of [etag, `W/${etag}`, `"x", ${etag}`]) {
    isProblem(t, await post(fastify, 'no', { 'if-none-match': tags }), 412, 'ERR_SHM_VERSION_CONFLICT')
  }
  for (const tags of [stale, '"x"', `"${incarnation}.999", "x"`]) {
    t.equal((await post(fastify, 'yes', { 'if-none-match': tags })).statusCode, 200, tags)
  }
})

t.test('If-Match of a read', async t => {
  const { fastify } = await build(t)
  const url = `/segments/${uniqueName(t)}`
  isProblem(t, await read(fastify, { 'if-match': '*' }), 412, 'ERR_SHM_VERSION_CONFLICT')
  for (const [target, method] of [['/read', 'POST'], [url, 'PUT']]) {
    const replace = payload => fastify.inject({ method, url: target === '/read' ? '/write' : target, payload, headers: { 'content-type': 'text/plain' } })
    const get = headers => fastify.inject({ url: target, headers })
    const stale = (await replace('one')).headers.etag
    const { etag } = (await replace('two')).headers
    for (const tag of [stale, `W/${etag}`, '"x"']) {
      const refused = await get({ 'if-match': tag })
      isProblem(t, refused, 412, 'ERR_SHM_VERSION_CONFLICT')
      t.match(refused.headers, { etag, 'shm-version': '2' })
      t.match(await fastify.inject({ method: 'HEAD', url: target, headers: { 'if-match': tag } }), { statusCode: 412, body: '' })
      t.equal((await get({ 'if-match': tag, 'if-none-match': etag, range: 'bytes=0-1' })).statusCode, 412, 'it comes first')
    }
    for (const tag of ['*', etag, `"x", ${etag}`]) t.match(await get({ 'if-match': tag }), { statusCode: 200, body: 'two' })
    t.equal((await get({ 'if-match': etag, 'if-none-match': etag })).statusCode, 304)
    t.match(await get({ 'if-match': etag, range: 'bytes=0-1' }), { statusCode: 206, body: 'tw' })
    isProblem(t, await get({ 'if-match': 'x' }), 400, 'ERR_PRECONDITION_MALFORMED')
  }
  t.equal(fastify.shm.limits.answerBytes.used, 0)
})

t.test('both must hold', async t => {
  const { fastify } = await build(t)
  const { etag } = (await post(fastify, 'one')).headers
  isProblem(t, await post(fastify, 'no', { 'if-match': etag, 'if-none-match': etag }), 412, 'ERR_SHM_VERSION_CONFLICT')
  t.equal((await post(fastify, 'two', { 'if-match': etag, 'if-none-match': '"x"' })).statusCode, 200)
})

t.test('conditions that cannot be read are refused', async t => {
  const { fastify } = await build(t)
  for (const name of ['if-match', 'if-none-match']) {
    for (const value of ['x', '"x', '"a" "b"', '', '*, "a"', 'w/"a"']) {
      isProblem(t, await post(fastify, 'no', { [name]: value }), 400, 'ERR_PRECONDITION_MALFORMED')
    }
  }
  t.equal((await read(fastify)).statusCode, 204)
})

t.test('a condition that cannot tell versions apart is refused, not ignored', async t => {
  const { fastify } = await build(t)
  const { etag } = (await post(fastify, 'old')).headers
  const since = { 'if-unmodified-since': new Date().toUTCString() }
  isProblem(t, await post(fastify, 'new', since), 501, 'ERR_PRECONDITION_UNSUPPORTED')
  t.equal((await post(fastify, 'new', { ...since, 'if-match': etag })).statusCode, 200, 'If-Match makes it meaningless')
  isProblem(t, await post(fastify, 'new', { ...since, 'if-match': etag }), 412, 'ERR_SHM_VERSION_CONFLICT')
})

t.test('of forty racers one wins', async t => {
  const { fastify } = await build(t)
  const { etag } = (await post(fastify, 'start')).headers
  const racers = Array.from({ length: 40 }, (_, i) => post(fastify, `racer ${i}`, { 'if-match': etag }))
  const responses = await Promise.all(racers)
  const winners = responses.filter(({ statusCode }) => statusCode === 200)
  t.equal(winners.length, 1)
  t.equal(responses.filter(({ statusCode }) => statusCode === 412).length, 39)
  t.match(await read(fastify), { body: winners[0].body, headers: { 'shm-version': '2' } })
})

t.test('a counter kept with If-Match loses no step', async t => {
  const { fastify } = await build(t)
  await post(fastify, '0')
  const step = async () => {
    for (;;) {
      const { body, headers: { etag } } = await read(fastify)
      const response = await post(fastify, String(Number(body) + 1), { 'if-match': etag })
      if (response.statusCode === 200) return
    }
  }
  await Promise.all(Array.from({ length: 8 }, async () => { for (let i = 0; i < 10; i++) await step() }))
  t.match(await read(fastify), { body: '80', headers: { 'shm-version': '81' } })
})

t.test('writers on other versions do not starve a condition that later versions fulfil', async t => {
  const { fastify } = await build(t)
  await post(fastify, '0')
  const writes = Array.from({ length: 60 }, (_, i) => post(fastify, String(i), i % 2 ? { 'if-none-match': '"x"' } : { 'if-match': '*' }))
  for (const { statusCode } of await Promise.all(writes)) t.equal(statusCode, 200)
  t.equal((await read(fastify)).headers['shm-version'], '61')
})
