'use strict'

const t = require('tap')
const { readConfig, ConfigError } = require('../../server/config')

t.test('defaults', async t => {
  const expected = {
    host: '127.0.0.1',
    port: 8080,
    socket: undefined,
    socketMode: 0o600,
    tls: undefined,
    logLevel: 'info',
    maxConnections: 10_000,
    requestTimeout: 30_000,
    stopTimeout: 8000,
    tokens: [],
    isLocal: true,
    hosts: [],
    rateLimit: 0,
    heartbeat: undefined,
    timeout: undefined,
    maxCapacity: undefined,
    maxBodyBytes: undefined,
    maxAnswerBytes: undefined,
    maxStreams: undefined,
    maxWrites: undefined,
    segment: { key: 32140895, capacity: undefined, layout: 'cell' }
  }
  t.same(readConfig({}), expected)
  t.same(readConfig({ HOST: '', PORT: '', SHM_KEY: '', SHM_CAPACITY: '', OTHER: 'x' }), expected, 'empty is absent')
})

t.test('settings', async t => {
  const config = readConfig({ HOST: '::1', PORT: '0', SHM_KEY: 'prices', SHM_CAPACITY: '4096', SHM_LAYOUT: 'cell', LOG_LEVEL: 'warn' })
  t.match(config, { host: '::1', port: 0, logLevel: 'warn', segment: { key: 'prices', capacity: 4096, layout: 'cell' } })
  t.equal(readConfig({ SHM_KEY: '-7' }).segment.key, -7)
  t.equal(readConfig({ SHM_KEY: '0xFF' }).segment.key, 255)
  t.equal(readConfig({ HOST: 'localhost' }).host, '127.0.0.1')
  t.equal(readConfig({ HOST: '127.3.2.1' }).host, '127.3.2.1')
})

t.test('a raw segment', async t => {
  const config = readConfig({ SHM_LAYOUT: 'raw', SHM_CAPACITY: '100', SHM_SEMAPHORE: '/classic' })
  t.same(config.segment, { key: 32140895, capacity: 100, layout: 'raw', nulTerminated: true, semaphore: '/classic' })
  t.same(readConfig({ SHM_LAYOUT: 'raw', SHM_SEMAPHORE: '' }).segment, { key: 32140895, capacity: undefined, layout: 'raw', nulTerminated: true, semaphore: undefined })
  t.throws(() => readConfig({ SHM_SEMAPHORE: '/classic' }), { constructor: ConfigError, message: 'SHM_SEMAPHORE means nothing unless SHM_LAYOUT is raw' })
})

t.test('who may ask, and how much', async t => {
  const config = readConfig({ HOST: '10.0.0.1', AUTH_TOKENS: 'read-only:a read-write:b', ALLOWED_HOSTS: 'shm.example, [fe80::1]', LOCK_TIMEOUT: '100', MAX_STREAMS: '5' })
  t.match(config, {
    host: '10.0.0.1',
    isLocal: false,
    tokens: [{ token: 'a', access: 'read' }, { token: 'b', access: 'write' }],
    hosts: ['shm.example', '[fe80::1]'],
    rateLimit: 1000,
    timeout: 100,
    maxStreams: 5
  })
  t.equal(readConfig({ HOST: '::', AUTH_TOKENS: 'a', RATE_LIMIT: '0' }).rateLimit, 0)
  t.match(readConfig({ HOST: '10.0.0.1', SOCKET: '/run/x' }), { socket: '/run/x', isLocal: true, rateLimit: 0 })
  t.equal(readConfig({ SOCKET: '/run/x', SOCKET_MODE: '0660' }).socketMode, 0o660)
})

t.test('mistakes', async t => {
  const mistakes = {
    PORT: ['x', '-1', '65536', '1.5', '80a'],
    SHM_KEY: ['a b', 'x'.repeat(64), '/etc', '0', '-0', '0x0', '0x12zz', '0x', '4294967296', '-2147483649'],
    SHM_CAPACITY: ['0', '-1', '2k', '1.5'],
    SHM_LAYOUT: ['sheep', 'RAW'],
    SHM_SEMAPHORE: ['name', '/', '/a/b', '/' + 'x'.repeat(251)],
    SOCKET_MODE: ['rw', '888', '6', '66600'],
    MAX_STREAMS: ['0', '-1', 'x'],
    RATE_LIMIT: ['-1', 'x'],
    LOCK_TIMEOUT: ['0', '5s'],
    ALLOWED_HOSTS: ['http://x', 'a/b', 'a:80'],
    AUTH_TOKENS: [' ', 'x:y', 'ä'],
    LOG_LEVEL: ['loud']
  }
  for (const [name, values] of Object.entries(mistakes)) {
    const expected = { constructor: ConfigError, message: new RegExp(`^${name} must be `) }
    for (const value of values) t.throws(() => readConfig({ [name]: value }), expected, `${name}=${value}`)
  }
  t.throws(() => readConfig({ PORT: 'x', LOG_LEVEL: 'loud' }), { message: /PORT must be integer; LOG_LEVEL must be one of fatal, / }, 'all of them')
})

t.test('addresses that others can reach', async t => {
  const expected = { constructor: ConfigError, message: /^HOST must be a loopback address/ }
  const addresses = ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'example.com', '[::1]', '::ffff:10.0.0.1', 'localhost.evil.com']
  for (const HOST of addresses) t.throws(() => readConfig({ HOST }), expected, HOST)
})
