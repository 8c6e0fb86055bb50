'use strict'

const t = require('tap')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const https = require('node:https')
const net = require('node:net')
const path = require('node:path')
const { uniqueKey, launch, untilListening, start, exchange } = require('../helpers/server')

const TLS = path.join(__dirname, '../fixtures/tls')
const TLS_CERT = path.join(TLS, 'cert.pem')
const TLS_KEY = path.join(TLS, 'key.pem')

async function ask (module, options) {
  const outgoing = module.get({ path: '/health/ready', agent: false, ...options })
  const [incoming] = await once(outgoing, 'response')
  return { statusCode: incoming.statusCode, body: Buffer.concat(await incoming.toArray()).toString() }
}

/** A server process that listens on a Unix socket. */
async function startOn (t, socket, env) {
  const child = launch(t, { SHM_KEY: String(uniqueKey(t)), SOCKET: socket, ...env })
  return { child, line: await untilListening(child) }
}

t.test('a Unix socket', async t => {
  const socket = path.join(t.testdir(), 'shmnode.sock')
  const { child, line } = await startOn(t, socket)
  t.equal(line, `shmnode listens on ${socket}`)
  t.equal(fs.statSync(socket).mode & 0o777, 0o600, 'for this user alone')
  t.equal((await ask(http, { socketPath: socket })).statusCode, 200)

  const second = launch(t, { SHM_KEY: String(uniqueKey(t)), SOCKET: socket, LOG_LEVEL: 'silent' })
  t.same(await second.ended, { code: 1, signal: null })
  t.equal(second.errors, `shmnode cannot start: ${socket} is in use\n`)
  t.equal((await ask(http, { socketPath: socket })).statusCode, 200, 'the first one is as it was')

  child.kill('SIGTERM')
  t.same(await child.ended, { code: 0, signal: null })
  t.notOk(fs.existsSync(socket))
})

t.test('what is in the way', async t => {
  const socket = path.join(t.testdir({ file: 'precious' }), 'shmnode.sock')
  const { child } = await startOn(t, socket)
  child.kill('SIGKILL')
  await child.ended
  t.ok(fs.existsSync(socket))
  await startOn(t, socket, { SOCKET_MODE: '0660' }) // in the place of what the killed one left behind
  t.equal(fs.statSync(socket).mode & 0o777, 0o660)
  t.equal((await ask(http, { socketPath: socket })).statusCode, 200)

  const file = path.join(path.dirname(socket), 'file')
  const other = launch(t, { SHM_KEY: String(uniqueKey(t)), SOCKET: file, LOG_LEVEL: 'silent' })
  t.same(await other.ended, { code: 1, signal: null })
  t.equal(fs.readFileSync(file, 'utf8'), 'precious', 'nothing else is replaced')
})

t.test('TLS', async t => {
  const { child, port } = await start(t, { SHM_KEY: String(uniqueKey(t)), TLS_CERT, TLS_KEY, REQUEST_TIMEOUT: '1000' })
  const ca = fs.readFileSync(TLS_CERT)
  const response = await ask(https, { host: '127.0.0.1', port, ca })
  t.equal(response.statusCode, 200)
  await t.rejects(ask(http, { host: '127.0.0.1', port }), 'nothing in clear')
  t.equal(await exchange(port, ''), '', 'who never shakes hands is cut off')

  const agent = new https.Agent({ keepAlive: true })
  await ask(https, { host: '127.0.0.1', port, ca, agent })
  const silent = net.connect(port, '127.0.0.1').on('error', () => {})
  await once(silent, 'connect')
  child.kill('SIGTERM')
  t.same(await child.ended, { code: 0, signal: null })
  agent.destroy()
})

t.test('all addresses, with a token', async t => {
  const { port } = await start(t, { SHM_KEY: String(uniqueKey(t)), HOST: '0.0.0.0', AUTH_TOKENS: 'read-only:secret', ALLOWED_HOSTS: 'shm.example, 10.0.0.1' })
  const read = (host, headers) => ask(http, { host, port, path: '/read', headers: { authorization: 'Bearer secret', ...headers } })
  t.equal((await read('127.0.0.1')).statusCode, 204)
  t.equal((await read('127.0.0.5')).statusCode, 204, 'by the address that it was called by')
  for (const host of ['shm.example', 'SHM.example:80', '10.0.0.1', 'localhost']) t.equal((await read('127.0.0.5', { host })).statusCode, 204, host)
  for (const host of ['evil.example', 'shm.example.evil.com', '127.0.0.6', '10.0.0.2']) t.equal((await read('127.0.0.5', { host })).statusCode, 403, host)
  t.equal((await read('127.0.0.5', { authorization: 'Bearer guess' })).statusCode, 401)
})

t.test('tokens from a file', async t => {
  const file = path.join(t.testdir({ tokens: 'read-only:one\nread-write:two\n' }), 'tokens')
  const { port } = await start(t, { SHM_KEY: String(uniqueKey(t)), AUTH_TOKENS_FILE: file })
  const read = token => ask(http, { host: '127.0.0.1', port, path: '/read', headers: { authorization: `Bearer ${token}` } })
  t.equal((await read('two')).statusCode, 204)
  t.equal((await read('three')).statusCode, 401)
})

t.test('what it does not start with', async t => {
  const wrong = [
    [{ HOST: '0.0.0.0' }, /HOST must be a loopback address [^\n]* AUTH_TOKENS/],
    [{ HOST: '0.0.0.0', AUTH_TOKENS: ' , ' }, /AUTH_TOKENS must be a list/],
    [{ AUTH_TOKENS: 'admin:x' }, /AUTH_TOKENS must be a list/],
    [{ AUTH_TOKENS: 'x', AUTH_TOKENS_FILE: 'y' }, /must not be given both/],
    [{ AUTH_TOKENS_FILE: '/nonexistent' }, /AUTH_TOKENS_FILE must be a file/],
    [{ TLS_CERT }, /TLS_CERT and TLS_KEY must be given both/],
    [{ TLS_CERT, TLS_KEY: '/nonexistent' }, /TLS_KEY must be a file/],
    [{ TLS_CERT: TLS_KEY, TLS_KEY }, /the certificate and its key/],
    [{ ALLOWED_HOSTS: 'http://x' }, /ALLOWED_HOSTS must be a list/],
    [{ SOCKET: '/nonexistent/x.sock' }, /x\.sock/]
  ]
  await Promise.all(wrong.map(async ([env, message]) => {
    const child = launch(t, { SHM_KEY: String(uniqueKey(t)), PORT: '0', LOG_LEVEL: 'silent', ...env })
    t.same(await child.ended, { code: 1, signal: null })
    t.match(child.errors, message)
    t.equal(child.errors.split('\n').length, 2, 'one line')
  }))
})
