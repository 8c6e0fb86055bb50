'use strict'

const t = require('tap')
const http = require('node:http')
const net = require('node:net')
const { once } = require('node:events')
const { setTimeout } = require('node:timers/promises')
const Fastify = require('fastify')
const app = require('../../server/app')
const serverOptions = require('../../server/server-options')
const { build, listen, write, hold, uniqueKey, noPeer } = require('../helpers/server')
const { pattern } = require('../helpers/pattern')

const LENGTH = 1024 * 1024
const CAPACITY = { segment: { capacity: LENGTH } }

/** One request of which every byte of the answer is compared. */
async function post (port, body, agent) {
  const outgoing = http.request({ host: '127.0.0.1', port, method: 'POST', path: '/write', agent, headers: { 'content-length': body.length } })
  outgoing.end(body)
  const [incoming] = await once(outgoing, 'response')
  return { statusCode: incoming.statusCode, body: Buffer.concat(await incoming.toArray()) }
}

async function untilNothingCounts (fastify) {
  while (fastify.shm.limits.bodyBytes.used > 0) await setTimeout(5)
}

t.test('large bodies that come at once are answered with their own bytes', async t => {
  const { fastify, port } = await listen(t, CAPACITY)
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 })
  t.teardown(() => agent.destroy())
  const bodies = Array.from({ length: 40 }, (_, i) => pattern(LENGTH - i, i))
  const answers = await Promise.all(bodies.map(body => post(port, body, agent)))
  for (const [i, { statusCode, body }] of answers.entries()) t.ok(statusCode === 200 && body.equals(bodies[i]), `answer ${i}`)
  const { data, version } = await fastify.shm.segment.use(handle => handle.snapshot())
  t.equal(version, 40)
  t.ok(bodies.some(body => body.equals(data)), 'the segment holds one of them, whole')
  await untilNothingCounts(fastify)
  t.pass('and nothing is counted any more')
})

t.test('the memory of a large body is given back once its answer is sent', async t => {
  const kept = []
  const fastify = Fastify(serverOptions())
  fastify.addHook('preHandler', async ({ body }) => { kept.push(body) })
  fastify.register(app, { segment: { key: uniqueKey(t), capacity: LENGTH } })
  t.teardown(() => fastify.close())
  const { port } = new URL(await fastify.listen({ host: '127.0.0.1', port: 0 }))
  const { body } = await post(port, pattern(LENGTH, 1))
  t.ok(body.equals(pattern(LENGTH, 1)))
  await untilNothingCounts(fastify)
  t.equal(kept.length, 1)
  t.equal(kept[0].length, 0)
})

t.test('the memory of who injects a request stays his', async t => {
  const { fastify } = await build(t, CAPACITY)
  const payload = pattern(LENGTH, 2)
  const response = await write(fastify, payload)
  t.ok(response.rawPayload.equals(pattern(LENGTH, 2)))
  t.ok(payload.equals(pattern(LENGTH, 2)))
})

t.test('a client that leaves while his large body waits for the lock leaves nothing half written', { skip: noPeer }, async t => {
  const { fastify, port, key } = await listen(t, CAPACITY)
  await post(port, pattern(LENGTH, 3))
  const holder = await hold(t, key, 300)
  const socket = net.connect(port, '127.0.0.1')
  socket.write(`POST /write HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${LENGTH}\r\n\r\n`)
  socket.write(pattern(LENGTH, 4), () => socket.destroy())
  await once(holder, 'exit')
  t.ok((await post(port, pattern(LENGTH, 5))).body.equals(pattern(LENGTH, 5)))
  const { data } = await fastify.shm.segment.use(handle => handle.snapshot())
  t.ok(data.equals(pattern(LENGTH, 4)) || data.equals(pattern(LENGTH, 5)), 'one of them, whole')
  await untilNothingCounts(fastify)
  t.pass('and nothing is counted any more')
})
