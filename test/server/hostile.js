'use strict'

// What only somebody sends who means harm, or a client that is broken.

const t = require('tap')
const { once } = require('node:events')
const net = require('node:net')
const { setTimeout } = require('node:timers/promises')
const shm = require('shmnode')
const { build, exchange, hold, isProblem, listen, noPeer, read, request, write } = require('../helpers/server')

const TEXT = { 'content-type': 'text/plain' }
const TOKENS = [{ token: 'secret', access: 'write' }]

/** The status lines of all that comes back. */
const statuses = answers => [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))

t.test('no way around the token', async t => {
  const { fastify, port } = await listen(t, { tokens: TOKENS })
  await fastify.shm.segment.use(segment => segment.write('precious'))
  const targets = ['/docs/../read', '/docs/..%2fread', '/docs%2f..%2fread', '/docs/static/../../read', '/docs/static/..%2f..%2fread', '//read', '/%72ead', '/read/',
    '/read;x', '/read?access=public', '/READ', '/./read', '/health/live/../../read', 'http://localhost/read', '/docs/static/%2e%2e/%2e%2e/package.json', '/vendor/../package.json']
  for (const target of targets) {
    const answer = await exchange(port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    t.match(statuses(answer), [/^4\d\d$/], target)
    t.notMatch(answer, /precious|"dependencies"/)
  }
  for (const method of ['HEAD', 'OPTIONS', 'PROPFIND', 'TRACE', 'LOCK']) {
    t.match(statuses(await exchange(port, `${method} /read HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)), [/^4\d\d$/], method)
  }
  t.notMatch(await exchange(port, 'CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n'), /^HTTP\/1\.1 2/)
})

t.test('the target may be a whole address, and the Host header counts', async t => {
  const { port } = await listen(t)
  const get = (target, host) => exchange(port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  for (const host of ['evil.com', 'localhost, evil.com', 'localhost#.evil.com', 'localhost\\.evil.com', '']) t.match(statuses(await get('http://localhost/read', host)), [/^40[03]$/], host)
  t.match(statuses(await get('/read', '127.0.0.1')), [204])
})

t.test('bodies that are framed wrongly change nothing', async t => {
  const { fastify, port } = await listen(t)
  await write(fastify, 'old', TEXT)
  const post = (fields, body) => exchange(port, `POST /write HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${fields}\r\n\r\n${body}`)
  const wrong = [
    ['Transfer-Encoding: chunked', 'zz\r\nabc\r\n0\r\n\r\n'],
    ['Transfer-Encoding: chunked', '3\r\nabcdef\r\n0\r\n\r\n'],
    ['Transfer-Encoding: chunked', '-1\r\nabc\r\n0\r\n\r\n'],
    ['Transfer-Encoding: chunked', 'fffffffffffffffff\r\nabc'],
    ['Transfer-Encoding: gzip, chunked\r\nTransfer-Encoding: identity', '3\r\nabc\r\n0\r\n\r\n'],
    ['Content-Length: 3\r\nContent-Length: 5', 'abcde'],
    ['Content-Length: -3', 'abc'],
    ['Content-Length: 3, 3', 'abc'],
    ['Content-Length: 0x3', 'abc']
  ]
  for (const [fields, body] of wrong) t.match(statuses(await post(fields, body)), [/^[45]\d\d$/], `${fields} ${JSON.stringify(body)}`)
  t.match(await read(fastify), { body: 'old', headers: { 'shm-version': '1' } })
})

t.test('a body that is coded otherwise than in chunks is not stored as it comes', async t => {
  for (const segment of [{}, { layout: 'raw', nulTerminated: true }]) {
    const { fastify, port } = await listen(t, { segment })
    const post = coding => exchange(port, `POST /write HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: ${coding}\r\n\r\n3\r\nabc\r\n0\r\n\r\n`)
    for (const coding of ['gzip, chunked', 'identity, chunked']) {
      const answer = await post(coding)
      t.match(statuses(answer), [501], coding)
      t.match(answer, /ERR_TRANSFER_ENCODING/)
    }
    t.equal((await read(fastify)).body, '')
    t.match(statuses(await post('Chunked')), [200])
    t.equal((await read(fastify)).body, 'abc')
  }
})

t.test('what follows a body is the next request, not a part of it', async t => {
  const { port } = await listen(t)
  const text = 'GET /read HTTP/1.1\r\nHost: evil.com\r\n\r\n'
  const post = `POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`
  const answers = await exchange(port, `${post}GET /read HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  t.same(statuses(answers), [200, 200])
  t.equal(answers.split(text).length, 3, 'stored as it came')
})

t.test('what is no request, behind one that is still being answered', { skip: noPeer }, async t => {
  const post = 'POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n'
  const foreign = 'GET /read HTTP/1.1\r\nHost: evil.com\r\n\r\n'
  const behind = {
    'JUNK\r\n\r\n': [200, 400],
    [foreign + foreign + 'JUNK\r\n\r\n']: [200, 403, 403, 400],
    [`${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n`]: [200, 400],
    [`GET /read HTTP/1.1\r\nHost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`]: [200, 431]
  }
  for (const [text, expected] of Object.entries(behind)) {
    const { fastify, key, port } = await listen(t)
    const holder = await hold(t, key, 60_000)
    const socket = net.connect(port, '127.0.0.1').setEncoding('utf8')
    const answers = socket.toArray()
    socket.write(`${post}Content-Length: 3\r\n\r\nnew`)
    while (fastify.shm.pending() === 0) await setTimeout(5)
    socket.write(text)
    await setTimeout(100)
    socket.write('more of it\r\n\r\n')
    await setTimeout(100)
    holder.kill('SIGKILL')
    t.same(statuses((await answers).join('')), expected, JSON.stringify(text.slice(0, 200)))
    t.match(await read(fastify), { body: 'new', headers: { 'shm-version': '1' } })
  }
})

t.test('a request behind one that is still being answered, whose end comes too late', { skip: noPeer }, async t => {
  const { fastify, key, port } = await listen(t, { requestTimeout: 500, timeout: 60_000 })
  const holder = await hold(t, key, 60_000)
  const post = value => `POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n${value}`
  const socket = net.connect(port, '127.0.0.1').setEncoding('utf8')
  const answers = socket.toArray()
  const late = once(fastify.server, 'clientError')
  socket.write(post('one') + post('two').slice(0, 20))
  await late
  socket.write(post('two').slice(20))
  await setTimeout(100)
  holder.kill('SIGKILL')
  t.same(statuses((await answers).join('')), [200, 408])
  t.match(await read(fastify), { body: 'one', headers: { 'shm-version': '1' } }, 'who is told that it came too late finds it not done')
})

t.test('who sends what is no request behind one, and leaves, does not wait for its answer', { skip: noPeer }, async t => {
  const { fastify, key, port } = await listen(t, { timeout: 10 * 60_000 })
  const holder = await hold(t, key, 10 * 60_000)
  for (const leave of ['end', 'destroy', 'resetAndDestroy']) {
    const socket = net.connect(port, '127.0.0.1').on('error', () => {})
    socket.write('POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nnew')
    while (fastify.shm.pending() === 0) await setTimeout(5)
    socket.write('JUNK\r\n\r\n')
    await setTimeout(100)
    socket[leave]()
    while (fastify.shm.pending() > 0) await setTimeout(5)
  }
  holder.kill('SIGKILL')
  await once(holder, 'close')
  t.equal((await read(fastify)).headers['shm-version'], '0', 'nothing was written')
})

t.test('Expect', async t => {
  const { port } = await listen(t, { segment: { capacity: 100 } })
  const head = length => `POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\nConnection: close\r\n`
  const socket = net.connect(port, '127.0.0.1').setEncoding('utf8')
  t.teardown(() => socket.destroy())
  socket.write(`${head(3)}Expect: 100-continue\r\n\r\n`)
  t.match((await once(socket, 'data'))[0], /^HTTP\/1\.1 100 Continue\r\n\r\n$/)
  socket.write('abc')
  t.match((await socket.toArray()).join(''), /^HTTP\/1\.1 200 [^]*abc$/)
  const refused = await exchange(port, `${head(3)}Expect: miracles\r\n\r\nabc`)
  t.match(statuses(refused), [417])
  t.match(refused, /\r\ncontent-type: application\/problem\+json\r\n[^]*"code":"ERR_EXPECTATION"/i)
})

t.test('many header fields', async t => {
  const { port } = await listen(t)
  const tags = Array.from({ length: 400 }, (_, i) => `"0123456789abcdef.${i}"`).join(', ')
  t.equal((await request(port, { headers: { 'if-none-match': tags } })).statusCode, 204)
  isProblem(t, await request(port, { method: 'POST', path: '/write', body: 'x', headers: { 'if-match': tags } }), 412, 'ERR_SHM_VERSION_CONFLICT')
  const commas = await request(port, { method: 'POST', path: '/write', body: 'x', headers: { 'if-match': ','.repeat(10_000) } })
  isProblem(t, commas, 400, 'ERR_PRECONDITION_MALFORMED')
  const fields = Array.from({ length: 3000 }, (_, i) => `x${i}: 1\r\n`).join('')
  t.match(statuses(await exchange(port, `GET /read HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`)), [431])
})

t.test('HEAD everywhere', async t => {
  const { fastify } = await build(t)
  await write(fastify, 'value', TEXT)
  for (const url of ['/read', '/segments', '/health/live', '/health/ready', '/metrics', '/docs/json', '/']) {
    const [head, get] = [await fastify.inject({ method: 'HEAD', url }), await fastify.inject(url)]
    t.equal(head.statusCode, get.statusCode, url)
    t.equal(head.body, '')
    t.equal(head.headers['content-type'], get.headers['content-type'])
  }
  for (const url of ['/watch', '/write', '/nothing']) t.match((await fastify.inject({ method: 'HEAD', url })).statusCode, /^40[45]$/, url)
})

t.test('a holder of the lock that is stopped', { skip: noPeer }, async t => {
  const { fastify, key } = await build(t, { timeout: 300 })
  await write(fastify, 'old', TEXT)
  const holder = await hold(t, key, 60_000)
  holder.kill('SIGSTOP')
  const refused = await Promise.all(Array.from({ length: 20 }, (_, i) => write(fastify, `${i}`, TEXT)))
  for (const response of refused) isProblem(t, response, 503, 'ERR_SHM_TIMEOUT')
  for (let i = 0; i < 20; i++) t.equal((await read(fastify)).body, 'old', 'reads go on')
  t.equal((await fastify.inject('/health/ready')).statusCode, 200)
  holder.kill('SIGKILL')
  await once(holder, 'close')
  t.match(await write(fastify, 'new', TEXT), { statusCode: 200, headers: { 'shm-version': '2' } })
})

/** In place of what the server may have made anew by now. */
async function makeLarger (key, capacity) {
  for (;;) {
    try {
      return await shm.open(key, { capacity })
    } catch (error) {
      if (error.code !== 'ERR_SHM_CAPACITY') throw error
      await shm.destroy(key).catch(() => {})
    }
  }
}

t.test('a stream or a long poll that comes to nothing leaves nothing behind', async t => {
  const { fastify, key, port } = await listen(t)
  const { etag } = (await write(fastify, 'old', TEXT)).headers
  const waiting = request(port, { headers: { 'if-none-match': etag, prefer: 'wait=60' } })
  while (fastify.shm.limits.streams.used === 0) await setTimeout(10)
  await shm.destroy(key)
  const other = await makeLarger(key, 4096)
  t.teardown(() => other.close())
  await other.write('from the next one')
  t.match(await waiting, { statusCode: 200, body: 'from the next one' })
  t.equal(fastify.shm.limits.streams.used, 0)
  t.equal((await write(fastify, 'x'.repeat(4096), TEXT)).statusCode, 200, 'with the capacity that it has now')
})
