'use strict'

const t = require('tap')
const { build, write, read, listen, hold, noPeer, uniqueName } = require('../helpers/server')

/** The samples of a scrape: by name and labels. */
async function scrape (fastify) {
  const { statusCode, headers, body } = await fastify.inject('/metrics')
  if (statusCode !== 200 || !headers['content-type'].startsWith('text/plain; version=')) throw new Error(body)
  return new Map(body.split('\n').filter(line => line !== '' && !line.startsWith('#')).map(line => {
    const at = line.lastIndexOf(' ')
    return [line.slice(0, at), Number(line.slice(at + 1))]
  }))
}

t.test('requests', async t => {
  const { fastify } = await build(t)
  await write(fastify, 'x')
  for (let i = 0; i < 3; i++) await read(fastify)
  await read(fastify, { 'if-none-match': '*' })
  await fastify.inject({ method: 'HEAD', url: '/read' })
  await fastify.inject('/nothing/1')
  await fastify.inject('/nothing/2')
  const samples = await scrape(fastify)
  const requests = (method, route, status) => samples.get(`http_request_duration_seconds_count{method="${method}",route="${route}",status="${status}"}`)
  t.equal(requests('POST', '/write', 200), 1)
  t.equal(requests('GET', '/read', 200), 3)
  t.equal(requests('GET', '/read', 304), 1)
  t.equal(requests('HEAD', '/read', 200), 1)
  t.equal(requests('any', 'none', 404), 2, 'what is not there cannot fill the memory with labels')
  const buckets = [...samples].filter(([name]) => /_bucket\{method="GET",route="\/read",status="200"/.test(name)).map(([, value]) => value)
  t.same(buckets, [...buckets].sort((a, b) => a - b))
  t.equal(buckets.at(-1), 3)
  t.ok(samples.get('http_request_duration_seconds_sum{method="GET",route="/read",status="200"}') > 0)
})

t.test('segments', async t => {
  const { fastify, key } = await build(t)
  const name = uniqueName(t)
  const before = Date.now() / 1000
  for (let i = 0; i < 4; i++) await fastify.inject({ method: 'PUT', url: `/segments/${name}?capacity=100`, payload: '12345' })
  const samples = await scrape(fastify)
  const fact = (what, segment) => samples.get(`shmnode_segment_${what}{segment="${segment}"}`)
  t.equal(fact('version', name), 4)
  t.equal(fact('length_bytes', name), 5)
  t.equal(fact('capacity_bytes', name), 100)
  t.equal(fact('attached', name), 1)
  t.ok(fact('committed_timestamp_seconds', name) >= before - 1)
  t.equal(fact('version', key), 0)
  t.equal(fact('committed_timestamp_seconds', key), 0)
  await fastify.inject({ method: 'DELETE', url: `/segments/${name}` })
  t.notOk((await scrape(fastify)).has(`shmnode_segment_version{segment="${name}"}`), 'gone with the segment')
})

t.test('calls, and waits for the lock', { skip: noPeer }, async t => {
  const { fastify, key } = await build(t, { timeout: 60_000 })
  await write(fastify, 'x')
  const holder = await hold(t, key, 60_000)
  const waiting = Array.from({ length: 20 }, () => write(fastify, 'x'))
  let samples
  do samples = await scrape(fastify); while (samples.get('shmnode_pending_calls') < 20)
  t.equal(samples.get('shmnode_used{what="writes"}'), 20)
  t.equal(samples.get('shmnode_limit{what="writes"}'), 1000)
  t.ok(samples.get('shmnode_pool_seconds') > 0)
  await new Promise(resolve => setTimeout(resolve, 100))
  holder.kill('SIGKILL')
  await Promise.all(waiting)
  samples = await scrape(fastify)
  const writes = what => samples.get(`shmnode_${what}{lane="writes"}`)
  t.equal(writes('calls_total'), 21)
  t.ok(writes('largest_batch') > 1)
  t.ok(writes('lock_waits_total') > 0)
  t.ok(writes('lock_wait_seconds_total') > 0)
  t.equal(samples.get('shmnode_pending_calls'), 0)
})

t.test('nothing is forgotten with a handle', async t => {
  const { fastify } = await build(t)
  const name = uniqueName(t)
  const url = `/segments/${name}`
  const calls = async () => (await scrape(fastify)).get('shmnode_calls_total{lane="writes"}')
  for (let i = 0; i < 3; i++) {
    await fastify.inject({ method: 'PUT', url, payload: 'x' })
    t.equal(await calls(), i + 1)
    await fastify.inject({ method: 'DELETE', url })
    t.equal(await calls(), i + 1)
  }
})

t.test('of the process, too', async t => {
  const { fastify, port } = await listen(t)
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
  const text = await answer.text()
  for (const name of ['nodejs_eventloop_lag_p99_seconds', 'process_resident_memory_bytes', 'nodejs_heap_size_used_bytes']) t.match(text, name)
  t.ok((await scrape(fastify)).get('http_connections') >= 1)
})
