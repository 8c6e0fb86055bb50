'use strict'

const t = require('tap')
const fs = require('node:fs')
const http = require('node:http')
const net = require('node:net')
const path = require('node:path')
const shm = require('shmnode')
const { attachesOf } = require('../helpers/segment')
const { uniqueKey, launch, start, request, watch, hold, noPeer } = require('../helpers/server')

const STOP_EARLY = path.join(__dirname, '../fixtures/stop-early.js')
const JSON_TYPE = { 'content-type': 'application/json' }

function post (port, body, headers, agent) {
  return request(port, { method: 'POST', path: '/write', headers: { ...JSON_TYPE, ...headers }, body, agent })
}

async function until (condition) {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 10))
}

t.test('two servers share the value, and one survives the other', async t => {
  const SHM_KEY = String(uniqueKey(t))
  const [one, two] = await Promise.all([start(t, { SHM_KEY }), start(t, { SHM_KEY })])
  const written = await post(one.port, '{"from": "one"}')
  t.equal(written.statusCode, 200)
  t.equal((await request(one.port)).body, '{"from": "one"}')
  const shared = await request(two.port)
  t.match(shared, { body: '{"from": "one"}', headers: { etag: written.headers.etag, 'content-type': 'application/json' } })

  one.child.kill('SIGKILL')
  t.same(await one.child.ended, { code: null, signal: 'SIGKILL' })
  t.equal((await request(two.port)).body, '{"from": "one"}')
  t.equal((await post(two.port, '2', { 'if-match': written.headers.etag })).statusCode, 200)

  two.child.kill('SIGINT')
  t.same(await two.child.ended, { code: 0, signal: null })
  const segment = await shm.open(Number(SHM_KEY))
  t.equal(String(await segment.read()), '2', 'the value outlives them')
  t.equal(await attachesOf(segment, 1), 1, 'both have detached')
  await segment.close()
})

t.test('killed in the middle of writes, it leaves a whole value', async t => {
  const SHM_KEY = String(uniqueKey(t))
  const one = await start(t, { SHM_KEY, SHM_CAPACITY: '200000' })
  const two = await start(t, { SHM_KEY })
  const text = i => JSON.stringify(String(i % 10).repeat(100_000))
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 })
  let acknowledged = 0
  const writer = async () => {
    for (let i = 0; ; i++) acknowledged = Math.max(acknowledged, Number((await post(one.port, text(i), {}, agent)).headers['shm-version']))
  }
  const writers = Array.from({ length: 4 }, () => writer().catch(() => {}))
  await until(() => acknowledged >= 40)
  one.child.kill('SIGKILL')
  await Promise.all([...writers, one.child.ended])
  agent.destroy()

  const { body, headers } = await request(two.port)
  t.match(body, /^"(\d)\1{99999}"$/, 'not torn')
  t.ok(Number(headers['shm-version']) >= acknowledged, 'no acknowledged write is lost')
  t.equal((await post(two.port, '1')).statusCode, 200, 'no lock is left')
})

t.test('SIGTERM under load', async t => {
  const { child, port } = await start(t, { SHM_KEY: String(uniqueKey(t)) })
  const agent = new http.Agent({ keepAlive: true })
  const statuses = new Set()
  let answers = 0
  let stopping = false
  const client = async () => {
    for (let i = 0; ; i++) {
      const { statusCode, body } = i % 2 ? await post(port, '"a value"', {}, agent) : await request(port, { agent })
      if (statusCode === 200 && body !== '"a value"') throw new Error(`torn: ${body}`)
      statuses.add(statusCode)
      answers++
    }
  }
  const clients = Array.from({ length: 16 }, () => client().catch(error => ({ error, stopping })))
  await until(() => answers >= 300)
  stopping = true
  child.kill('SIGTERM')
  t.same(await child.ended, { code: 0, signal: null })
  for (const { error, stopping } of await Promise.all(clients)) {
    t.ok(stopping, 'no client was cut off before')
    t.match(error.code, /^(ECONNRESET|ECONNREFUSED|EPIPE)$/)
    t.notOk(error.isCutOff, 'an answer that has begun is finished')
  }
  for (const status of statuses) t.match(status, /^20[04]$/)
  agent.destroy()
})

t.test('stopped while it starts', async t => {
  const key = uniqueKey(t)
  const folder = t.testdir()
  const stopAt = async (moment, where) => {
    const env = { ...where, SHM_KEY: String(key), LOG_LEVEL: 'warn', NODE_OPTIONS: `--require ${STOP_EARLY}`, STOP_EARLY: String(moment) }
    const child = launch(t, env)
    child.stdout.resume()
    t.same(await child.ended, { code: 0, signal: null }, `${moment}, ${Object.keys(where)}`)
    t.equal(child.errors, '')
  }
  for (const moment of ['load', 0, 1, 3, 6, 12]) {
    const socket = path.join(folder, `${moment}.sock`)
    await Promise.all([stopAt(moment, { PORT: '0' }), stopAt(moment, { SOCKET: socket })])
    t.notOk(fs.existsSync(socket), 'nothing is left of it')
  }
})

t.test('what waits when the signal comes is finished', { skip: noPeer }, async t => {
  const key = uniqueKey(t)
  const { child, port } = await start(t, { SHM_KEY: String(key) })
  const holder = await hold(t, key, 60_000)
  const waiting = post(port, '"late"')
  await new Promise(resolve => setTimeout(resolve, 300))
  child.kill('SIGTERM')
  await new Promise(resolve => setTimeout(resolve, 300))
  holder.kill('SIGKILL')
  t.match(await waiting, { statusCode: 200, body: '"late"' })
  t.same(await child.ended, { code: 0, signal: null })
})

t.test('a write that waits for the lock in vain is answered', { skip: noPeer }, async t => {
  const key = uniqueKey(t)
  const { port } = await start(t, { SHM_KEY: String(key) })
  await hold(t, key, 60_000)
  const response = await post(port, '"never"')
  t.match(response, { statusCode: 503, headers: { 'retry-after': '1' } })
  t.match(JSON.parse(response.body), { code: 'ERR_SHM_TIMEOUT' })
})

t.test('streams and clients that take nothing do not hold up its end', async t => {
  const key = uniqueKey(t)
  const length = 8 * 1024 * 1024
  const { child, port } = await start(t, { SHM_KEY: String(key), SHM_CAPACITY: String(length) })
  const segment = await shm.open(key)
  await segment.write(Buffer.alloc(length))
  await segment.close()
  const stream = await watch(t, port)
  await stream.next()
  const deaf = net.connect(port, '127.0.0.1').pause().on('error', () => {})
  t.teardown(() => deaf.destroy())
  deaf.write('GET /read HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(10))
  const used = async () => /shmnode_used\{what="answerBytes"\} (\d+)/.exec((await request(port, { path: '/metrics' })).body)[1]
  while (await used() === '0');
  const begun = performance.now()
  child.kill('SIGTERM')
  t.equal(await stream.next(), null, 'the stream ends well')
  t.same(await child.ended, { code: 0, signal: null })
  t.comment(`ended within ${Math.round(performance.now() - begun)} ms`)
})

t.test('one Ctrl-C that comes twice is one', { skip: noPeer }, async t => {
  const key = uniqueKey(t)
  const { child, port } = await start(t, { SHM_KEY: String(key) })
  const holder = await hold(t, key, 60_000)
  const waiting = post(port, '"late"')
  await new Promise(resolve => setTimeout(resolve, 300))
  child.kill('SIGINT')
  child.kill('SIGTERM')
  setTimeout(() => child.kill('SIGINT'), 10)
  await new Promise(resolve => setTimeout(resolve, 100))
  holder.kill('SIGKILL')
  t.match(await waiting, { statusCode: 200, body: '"late"' })
  t.same(await child.ended, { code: 0, signal: null })
})

t.test('a second signal ends it at once', { skip: noPeer }, async t => {
  const key = uniqueKey(t)
  const { child, port } = await start(t, { SHM_KEY: String(key) })
  await hold(t, key, 60_000)
  const waiting = post(port, '"never"').catch(error => error.code)
  await new Promise(resolve => setTimeout(resolve, 300))
  child.kill('SIGTERM')
  await new Promise(resolve => setTimeout(resolve, 1000))
  child.kill('SIGTERM')
  t.same(await child.ended, { code: 1, signal: null })
  t.equal(await waiting, 'ECONNRESET')
})

t.test('what it cannot start with', async t => {
  const SHM_KEY = String(uniqueKey(t))
  const { port } = await start(t, { SHM_KEY })
  const failures = [
    [{ PORT: String(port) }, new RegExp(`port ${port} of 127.0.0.1 is in use\n$`)],
    [{ PORT: 'http' }, /PORT must be integer\n$/],
    [{ HOST: '0.0.0.0' }, /HOST must be a loopback address [^\n]*not 0\.0\.0\.0[^\n]*\n$/],
    [{ PORT: '0', SHM_CAPACITY: '999999' }, /the segment cannot be opened: [^\n]*ERR_SHM_CAPACITY\)\n$/],
    [{ PORT: '0', SHM_KEY: '0' }, /SHM_KEY[^\n]*\n$/]
  ]
  for (const [env, message] of failures) {
    const child = launch(t, { SHM_KEY, LOG_LEVEL: 'silent', ...env })
    t.same(await child.ended, { code: 1, signal: null })
    t.match(child.errors, message)
    t.equal(child.errors.split('\n').length, 2, 'one line')
  }
})

t.test('IPv6', async t => {
  const { port, hostname } = await start(t, { SHM_KEY: String(uniqueKey(t)), HOST: '::1' })
  const response = await fetch(`http://${hostname}:${port}/health/ready`)
  t.same(await response.json(), { status: 'ok' })
})
