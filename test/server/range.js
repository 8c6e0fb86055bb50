'use strict'

const t = require('tap')
const { rangeOf, UNSATISFIABLE } = require('../../server/lib/range')
const { build, write, read, isProblem, uniqueName } = require('../helpers/server')

t.test('ranges', async t => {
  const cases = {
    'bytes=0-0': { start: 0, end: 1 },
    'bytes=2-4': { start: 2, end: 5 },
    'bytes=2-': { start: 2, end: 10 },
    'bytes=2-99': { start: 2, end: 10 },
    'bytes=9-9': { start: 9, end: 10 },
    'bytes=-3': { start: 7, end: 10 },
    'bytes=-99': { start: 0, end: 10 },
    'Bytes= 1-2 ': { start: 1, end: 3 },
    'bytes=10-': UNSATISFIABLE,
    'bytes=10-20': UNSATISFIABLE,
    'bytes=-0': UNSATISFIABLE
  }
  for (const [header, range] of Object.entries(cases)) t.same(rangeOf(header, 10), range, header)
  const ignored = [undefined, '', 'bytes', 'bytes=', 'bytes=-', 'bytes=4-2', 'bytes=a-b', 'bytes=1-2,4-5', 'items=0-1', 'bytes=1', 'bytes=1-2-3', 'bytes=+1-2',
    'bytes=0x1-2', `bytes=${'9'.repeat(20)}-`]
  for (const header of ignored) t.equal(rangeOf(header, 10), null, header)
  for (const header of ['bytes=0-', 'bytes=-1', 'bytes=0-0']) t.equal(rangeOf(header, 0), UNSATISFIABLE, `${header} of nothing`)
})

t.test('a part of the value', async t => {
  const { fastify } = await build(t)
  t.equal((await read(fastify, { range: 'bytes=0-1' })).statusCode, 204, 'never written')
  const { etag } = (await write(fastify, '0123456789', { 'content-type': 'text/plain' })).headers
  const part = await read(fastify, { range: 'bytes=2-4' })
  t.match(part, {
    statusCode: 206,
    body: '234',
    headers: { 'content-range': 'bytes 2-4/10', 'content-length': '3', 'content-type': 'text/plain', 'content-security-policy': 'sandbox', 'shm-version': '1', etag }
  })
  t.match(await read(fastify), { statusCode: 200, body: '0123456789', headers: { 'accept-ranges': 'bytes' } })
  t.match(await read(fastify, { range: 'bytes=0-1,3-4' }), { statusCode: 200, body: '0123456789' }, 'several are all')
  const beyond = await read(fastify, { range: 'bytes=10-' })
  isProblem(t, beyond, 416, 'ERR_RANGE')
  t.match(beyond.headers, { 'content-range': 'bytes */10', etag })
  t.match(await fastify.inject({ method: 'HEAD', url: '/read', headers: { range: 'bytes=2-4' } }), { statusCode: 200, headers: { 'content-length': '10' } })
})

t.test('of the version that is meant', async t => {
  const { fastify } = await build(t)
  const { etag } = (await write(fastify, '0123456789')).headers
  const range = 'bytes=0-1'
  t.match(await read(fastify, { range, 'if-range': etag }), { statusCode: 206, body: '01' })
  for (const other of ['"x"', `W/${etag}`, new Date().toUTCString()]) {
    t.match(await read(fastify, { range, 'if-range': other }), { statusCode: 200, body: '0123456789' }, other)
  }
  t.equal((await read(fastify, { range, 'if-none-match': etag })).statusCode, 304, 'what is known already is not sent')
  t.match(await read(fastify, { range, 'if-none-match': '"x"' }), { statusCode: 206, body: '01' })
})

t.test('named segments', async t => {
  const { fastify } = await build(t)
  const url = `/segments/${uniqueName(t)}`
  await fastify.inject({ method: 'PUT', url, payload: 'x'.repeat(100_000) + 'end' })
  t.match(await fastify.inject({ url, headers: { range: 'bytes=-3' } }), { statusCode: 206, body: 'end', headers: { 'content-range': 'bytes 100000-100002/100003' } })
  isProblem(t, await fastify.inject({ url, headers: { range: 'bytes=100003-' } }), 416, 'ERR_RANGE')
  t.equal(fastify.shm.limits.answerBytes.used, 0)
})
