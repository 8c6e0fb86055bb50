'use strict'

const fp = require('fastify-plugin')
const { Registry, Counter, Gauge, collectDefaultMetrics } = require('prom-client')
const { PROBLEMS } = require('../schemas/answers')

const NO_BYTES = new Uint8Array(0)
const MILLISECONDS = 1000

const schema = {
  tags: ['service'],
  summary: 'Counters and gauges for Prometheus.',
  response: { 200: { description: 'In its text format.', content: { 'text/plain': { schema: { type: 'string' } } } }, ...PROBLEMS }
}

/**
 * `GET /metrics`, for Prometheus: the requests, and what the segments, the library and the process tell of themselves.
 * @param {import('fastify').FastifyInstance} fastify
 * @param {{ times: import('../lib/request-times') }} options
 */
async function metrics (fastify, { times }) {
  const registry = new Registry()
  registry.registerMetric(times)
  collectDefaultMetrics({ register: registry })
  addSegments(registry, fastify.shm)
  addCalls(registry, fastify.shm)
  addLimits(registry, fastify.shm)
  addConnections(registry, fastify.server)
  fastify.get('/metrics', { schema }, async (request, reply) => {
    reply.headers({ 'content-type': registry.contentType, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    return registry.metrics()
  })
}

/** One gauge for each fact of a segment. */
function addSegments (registry, shm) {
  const facts = {
    version: ['The version that the segment holds.', info => info.version],
    length_bytes: ['Bytes of its value.', info => info.length],
    capacity_bytes: ['Bytes that its value may have.', info => info.capacity],
    attached: ['How often it is attached, in all processes.', info => info.attached],
    committed_timestamp_seconds: ['When its version was committed; 0 if it was never written.', info => (info.committedAt ?? 0) / MILLISECONDS]
  }
  // One look at all segments is enough for one scrape.
  let infos
  const look = () => {
    infos ??= shm.list().finally(() => setImmediate(() => { infos = undefined }))
    return infos
  }
  for (const [name, [help, valueOf]] of Object.entries(facts)) {
    gauge(registry, `shmnode_segment_${name}`, help, ['segment'], async function () {
      const present = await look()
      this.reset()
      for (const info of present) this.set({ segment: info.name ?? info.key ?? info.id }, valueOf(info))
    })
  }
}

/** What this server's own calls of the library have come to. */
function addCalls (registry, shm) {
  const totals = {
    calls: ['Calls that went to the thread pool.', lane => lane.calls],
    batches: ['Trips to the thread pool; calls that are made together share one.', lane => lane.batches],
    retries: ['Copies made again because a writer was quicker.', lane => lane.retries],
    lock_waits: ['How often calls had to wait for the lock of a segment.', lane => lane.waits],
    lock_wait_seconds: ['For how long.', lane => lane.waitSeconds]
  }
  for (const [name, [help, valueOf]] of Object.entries(totals)) {
    counter(registry, `shmnode_${name}_total`, help, ['lane'], function () {
      this.reset()
      for (const [lane, counts] of Object.entries(shm.totals())) this.inc({ lane }, valueOf(counts))
    })
  }
  gauge(registry, 'shmnode_largest_batch', 'The most calls that one trip had.', ['lane'], function () {
    for (const [lane, { largestBatch }] of Object.entries(shm.totals())) this.set({ lane }, largestBatch)
  })
  gauge(registry, 'shmnode_pending_calls', 'Calls that have not settled.', [], function () { this.set(shm.pending()) })
  gauge(registry, 'shmnode_pool_seconds', 'How long a trip to the thread pool takes just now.', [], async function () {
    const begun = performance.now()
    await shm.segment.use(handle => handle.readInto(NO_BYTES, { length: 0 })).catch(() => {})
    this.set((performance.now() - begun) / MILLISECONDS)
  })
}

function addLimits (registry, { limits }) {
  gauge(registry, 'shmnode_used', 'How much is used of what is limited.', ['what'], function () {
    for (const [what, quota] of Object.entries(limits)) this.set({ what }, quota.used)
  })
  gauge(registry, 'shmnode_limit', 'How much may be.', ['what'], function () {
    for (const [what, quota] of Object.entries(limits)) this.set({ what }, quota.limit)
  })
}

function addConnections (registry, server) {
  gauge(registry, 'http_connections', 'Open connections.', [], function () {
    return new Promise(resolve => server.getConnections((_, count) => {
      this.set(count ?? 0)
      resolve()
    }))
  })
}

function gauge (registry, name, help, labelNames, collect) {
  return new Gauge({ name, help, labelNames, collect, registers: [registry] })
}

function counter (registry, name, help, labelNames, collect) {
  return new Counter({ name, help, labelNames, collect, registers: [registry] })
}

module.exports = fp(metrics, { name: 'metrics', dependencies: ['shm'] })
