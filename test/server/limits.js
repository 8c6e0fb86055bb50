'use strict'

const t = require('tap')
const net = require('node:net')
const { EventEmitter, once } = require('node:events')
const shm = require('shmnode')
const Loan = require('../../server/lib/loan')
const Patience = require('../../server/lib/patience')
const Quota = require('../../server/lib/quota')
const { build, listen, write, read, request, watch, isProblem, hold, noPeer, uniqueName } = require('../helpers/server')

const MEBIBYTE = 1024 * 1024
const GET = 'GET /read HTTP/1.1\r\nHost: localhost\r\n\r\n'
const TEXT = { 'content-type': 'text/plain' }

async function until (condition) {
  while (!await condition()) await new Promise(resolve => setTimeout(resolve, 10))
}

/** A client that sends, and reads nothing. */
async function deafClient (t, port, text) {
  const socket = net.connect({ port, host: '127.0.0.1' })
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  socket.pause()
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

t.test('a quota', async t => {
  const quota = new Quota(10)
  const wait = { timeout: 60_000 }
  t.equal(quota.take(6), true)
  t.equal(quota.take(5), false)
  const [large, small] = [quota.acquire(8, wait), quota.acquire(1, wait)]
  t.equal(quota.take(1), false, 'nobody overtakes')
  quota.give(6)
  t.same(await Promise.all([large, small]), [true, true])
  t.equal(quota.used, 9)
  t.equal(await quota.acquire(2, { timeout: 10 }), false, 'not in time')
  t.equal(quota.take(1), true, 'who has given up is in nobody\'s way')
  const abort = new AbortController()
  const aborted = quota.acquire(1, { timeout: 60_000, signal: abort.signal })
  const behind = quota.acquire(1, wait)
  abort.abort()
  t.equal(await aborted, false)
  quota.exchange(10, 0)
  t.equal(await behind, true)
  t.equal(await quota.acquire(1, { timeout: 60_000, signal: abort.signal }), true, 'no wait, no signal')
  quota.give(2)
  t.equal(quota.take(100), true, 'more than there is, alone')
  t.equal(quota.take(0), false)
})

t.test('the rate of an address', async t => {
  const { fastify } = await build(t, { rateLimit: 5, tokens: [{ token: 'x', access: 'write' }] })
  const statuses = []
  for (let i = 0; i < 8; i++) statuses.push((await read(fastify)).statusCode)
  t.ok(statuses.includes(401) && statuses.includes(429), `who guesses tokens is slowed down: ${statuses}`)
  const refused = await read(fastify)
  t.equal(refused.headers['x-ratelimit-limit'], '5')
  isProblem(t, refused, 429, 'ERR_RATE_LIMIT')
  t.equal(refused.headers['retry-after'], '1')
  t.equal((await fastify.inject('/health/live')).statusCode, 200)
  await new Promise(resolve => setTimeout(resolve, 1100))
  t.equal((await read(fastify)).statusCode, 401)
})

t.test('who waits to write, while the lock is held', { skip: noPeer }, async t => {
  const { fastify, key } = await build(t, { maxWrites: 10 })
  await write(fastify, 'old', TEXT)
  const holder = await hold(t, key, 60_000)
  const waiting = Array.from({ length: 10 }, (_, i) => write(fastify, `${i}`, TEXT))
  await until(() => fastify.shm.limits.writes.used === 10)
  for (const response of await Promise.all(Array.from({ length: 20 }, () => write(fastify, 'no', TEXT)))) {
    isProblem(t, response, 503, 'ERR_OVERLOAD')
    t.equal(response.headers['retry-after'], '1')
  }
  t.equal((await read(fastify)).body, 'old', 'reads go on')
  t.equal((await fastify.inject('/health/ready')).statusCode, 200)
  t.equal((await fastify.inject('/segments')).statusCode, 200)
  holder.kill('SIGKILL')
  for (const { statusCode } of await Promise.all(waiting)) t.equal(statusCode, 200)
  t.equal(fastify.shm.limits.writes.used, 0)
})

t.test('a client that leaves ends its wait for the lock', { skip: noPeer }, async t => {
  const name = uniqueName(t)
  const { fastify, port } = await listen(t, { timeout: 10 * 60_000, segment: { key: name } })
  await write(fastify, 'old', TEXT)
  const holder = await hold(t, name, 10 * 60_000)
  const waiting = []
  for (const target of ['POST /write', `PUT /segments/${name}`]) {
    for (const leave of [client => client.destroy(), client => client.resetAndDestroy(), client => client.end()]) {
      const text = `${target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nnew`
      waiting.push({ leave, client: await deafClient(t, port, text) })
    }
  }
  // Long enough for all of them to have a signal.
  await until(() => fastify.shm.pending() === waiting.length)
  await new Promise(resolve => setTimeout(resolve, 200))
  t.equal(fastify.shm.pending(), waiting.length)
  for (const { leave, client } of waiting) leave(client)
  await until(() => fastify.shm.pending() === 0)
  t.equal(fastify.shm.limits.writes.used, 0)
  holder.kill('SIGKILL')
  await once(holder, 'close')
  t.match(await write(fastify, 'next', TEXT), { headers: { 'shm-version': '2' } }, 'nothing of theirs was written')
})

t.test('a client that leaves ends its wait for a change', async t => {
  const { fastify, port } = await listen(t)
  await write(fastify, 'x', TEXT)
  const { etag } = (await read(fastify)).headers
  const { streams } = fastify.shm.limits
  const client = await deafClient(t, port, `GET /read HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=60\r\nIf-None-Match: ${etag}\r\n\r\n`)
  const stream = await watch(t, port)
  await until(() => streams.used === 2)
  client.destroy()
  await until(() => streams.used === 1)
  stream.close()
  await until(() => streams.used === 0)
  t.equal(fastify.shm.segment.handle.stats().pending, 0, 'nobody is waited for any more')
})

t.test('the bytes of bodies on their way', async t => {
  const { fastify, port } = await listen(t, { maxBodyBytes: MEBIBYTE, segment: { capacity: 2 * MEBIBYTE } })
  const { bodyBytes } = fastify.shm.limits
  const head = 'POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n'
  const slow = await deafClient(t, port, `${head}Content-Length: 1000000\r\n\r\nx`)
  await until(() => bodyBytes.used === 1_000_000)
  const post = (length, headers) => request(port, { method: 'POST', path: '/write', body: 'y'.repeat(length), headers: { ...TEXT, ...headers } })
  const refused = await post(100_000)
  isProblem(t, refused, 503, 'ERR_OVERLOAD')
  t.equal(refused.headers['retry-after'], '1')
  isProblem(t, await post(100_000, { 'transfer-encoding': 'chunked' }), 503, 'ERR_OVERLOAD')
  t.equal((await post(10_000)).statusCode, 200, 'small ones are not counted')
  slow.destroy()
  await until(() => bodyBytes.used === 0)
  for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) t.equal((await post(1_000_000, headers)).statusCode, 200)
  isProblem(t, await post(1_000_000, { 'content-type': 'application/json' }), 400, 'ERR_JSON_INVALID')
  await until(() => bodyBytes.used === 0)
})

t.test('a body that is larger than all of them may be', async t => {
  for (const [maxBodyBytes, length] of [[MEBIBYTE, MEBIBYTE + 1], [MEBIBYTE, 3 * MEBIBYTE], [20_000, 3 * MEBIBYTE], [1000, 1001]]) {
    const { fastify, port } = await listen(t, { maxBodyBytes, segment: { capacity: 4 * MEBIBYTE } })
    for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
      const post = length => request(port, { method: 'POST', path: '/write', body: 'y'.repeat(length), headers: { ...TEXT, ...headers } })
      const refused = await post(length)
      isProblem(t, refused, 413, 'ERR_SHM_TOO_LARGE')
      t.notOk('retry-after' in refused.headers, 'it would be so again')
      t.equal((await post(maxBodyBytes)).statusCode, 200)
      await until(() => fastify.shm.limits.bodyBytes.used === 0)
    }
  }
})

t.test('unless it is said otherwise, every segment can be filled', async t => {
  const bytesOf = async options => (await build(t, options)).fastify.shm.limits.bodyBytes.limit
  t.equal(await bytesOf(), 256 * MEBIBYTE)
  t.equal(await bytesOf({ maxCapacity: 1024 * MEBIBYTE }), 1024 * MEBIBYTE)
  t.equal(await bytesOf({ segment: { capacity: 300 * MEBIBYTE } }), 300 * MEBIBYTE)
})

t.test('a body counts until its answer was taken', async t => {
  const { fastify, port } = await listen(t, { segment: { capacity: 16 * MEBIBYTE } })
  const { bodyBytes } = fastify.shm.limits
  const length = 16 * MEBIBYTE
  const client = await deafClient(t, port, `POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`)
  client.write(Buffer.alloc(length, 'x'))
  await until(() => Number(fastify.shm.segment.handle.version) === 1)
  await new Promise(resolve => setTimeout(resolve, 100))
  t.equal(bodyBytes.used, length)
  client.destroy()
  await until(() => bodyBytes.used === 0)
})

t.test('values on their way to those who do not take them are bounded', async t => {
  const length = 4 * MEBIBYTE
  const maxAnswerBytes = 4 * length
  const { fastify, key, port } = await listen(t, { maxAnswerBytes, timeout: 300, segment: { capacity: length } })
  const segment = await shm.open(key)
  t.teardown(() => segment.close())
  const { answerBytes } = fastify.shm.limits
  const clients = []
  for (let i = 0; i < 12; i++) {
    await segment.write(Buffer.alloc(length, i))
    // Each of them would have a value of his own, and many of them.
    clients.push(await deafClient(t, port, GET.repeat(20)))
    await new Promise(resolve => setTimeout(resolve, 20))
    t.ok(answerBytes.used <= maxAnswerBytes, `${answerBytes.used} bytes`)
  }
  await until(() => answerBytes.used === maxAnswerBytes)
  const refused = await request(port)
  isProblem(t, refused, 503, 'ERR_OVERLOAD')
  for (const client of clients) client.destroy()
  await until(() => answerBytes.used === 0)
  t.equal((await request(port)).statusCode, 200)
})

/** Answers may have as much memory as one value takes. */
async function withRoomForOne (t) {
  const length = 4 * MEBIBYTE
  const { fastify, key, port } = await listen(t, { maxAnswerBytes: length, segment: { capacity: length } })
  const segment = await shm.open(key)
  t.teardown(() => segment.close())
  await segment.write(Buffer.alloc(length, 'x'))
  return { fastify, port, length, answerBytes: fastify.shm.limits.answerBytes }
}

t.test('those who read the same version share it', async t => {
  const { port, length, answerBytes } = await withRoomForOne(t)
  const clients = await Promise.all(Array.from({ length: 20 }, () => deafClient(t, port, GET)))
  await until(() => answerBytes.used === length)
  t.equal((await request(port)).body.length, length)
  t.equal((await request(port, { method: 'HEAD' })).headers['content-length'], String(length))
  t.equal((await request(port, { headers: { range: 'bytes=-5' } })).body, 'xxxxx')
  for (const client of clients) client.destroy()
  await until(() => answerBytes.used === 0)
})

t.test('even those who come while the first one fetches it', async t => {
  const { fastify, length, answerBytes } = await withRoomForOne(t)
  const take = () => Loan.take(fastify.shm.segment.current, answerBytes, new Patience(new EventEmitter(), 20_000))
  const loans = await Promise.all([take(), take(), take()])
  t.same(loans.map(({ data }) => data.length), [length, length, length])
  t.equal(answerBytes.used, length)
  for (const loan of loans) loan.end()
  t.equal(answerBytes.used, 0)
})

t.test('and those who come while another one waits for room, in vain', async t => {
  const { fastify, length, answerBytes } = await withRoomForOne(t)
  t.ok(answerBytes.take(length))
  const take = timeout => Loan.take(fastify.shm.segment.current, answerBytes, new Patience(new EventEmitter(), timeout))
  const [hasty, patient] = [take(50), take(60_000)]
  await t.rejects(hasty, { statusCode: 503 })
  answerBytes.give(length)
  const loan = await patient
  t.equal(loan.data.length, length)
  loan.end()
  t.equal(answerBytes.used, 0)
})

t.test('requests of one connection are answered one after the other', async t => {
  const { fastify, port } = await listen(t)
  const name = uniqueName(t)
  const path = `/segments/${name}`
  const socket = net.connect(port, '127.0.0.1')
  const put = i => `PUT ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n${100 + i}`
  const last = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
  socket.write(Array.from({ length: 50 }, (_, i) => put(i)).join('') + last)
  const answers = Buffer.concat(await socket.toArray()).toString().split(/(?=HTTP\/1.1)/)
  t.equal(answers.length, 51)
  for (let i = 0; i < 50; i++) t.match(answers[i], new RegExp(`shm-version: ${i + 1}\\r\\n[^]*\\r\\n\\r\\n${100 + i}$`))
  t.match(answers[50], /\r\n\r\n149$/)
  t.equal((await fastify.inject(path)).statusCode, 200)
})

t.test('who sends requests without end and takes no answers is cut off', async t => {
  const { port, key } = await listen(t, { segment: { capacity: MEBIBYTE } })
  const segment = await shm.open(key)
  t.teardown(() => segment.close())
  await segment.write(Buffer.alloc(MEBIBYTE))
  const client = await deafClient(t, port, GET.repeat(5000))
  client.resume()
  await new Promise(resolve => client.once('close', resolve))
  t.ok(client.bytesRead < 300 * MEBIBYTE)
  t.equal((await request(port, { method: 'HEAD' })).statusCode, 200)
})

t.test('a loop that is late all the time sends clients away, if there are many', async t => {
  const { fastify, port } = await listen(t)
  const statusOf = async path => (await request(port, { path })).statusCode
  let isLate = false
  const block = () => {
    for (const end = performance.now() + 1100; performance.now() < end;);
    if (isLate) setImmediate(block)
  }
  const setLate = on => {
    isLate = on
    if (on) block()
  }
  t.teardown(() => setLate(false))
  setLate(true)
  for (let i = 0; i < 2; i++) t.equal(await statusOf('/read'), 204, 'few are served, however late')
  setLate(false)
  // One connection is accepted in each turn of the loop.
  const crowd = Array.from({ length: 128 }, () => net.connect(port, '127.0.0.1').on('error', () => {}))
  t.teardown(() => crowd.forEach(socket => socket.destroy()))
  const connections = () => new Promise(resolve => fastify.server.getConnections((_, count) => resolve(count)))
  await until(async () => await connections() >= crowd.length)
  setLate(true)
  await until(async () => await statusOf('/read') === 503)
  t.equal(await statusOf('/health/live'), 200, 'who asks how it is, is told')
  setLate(false)
  await until(async () => await statusOf('/read') === 204)
})
