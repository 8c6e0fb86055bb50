'use strict'

/** Seconds. */
const BOUNDS = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 60]

/** The requests of one route that had one status. */
class Series {
  counts = new Array(BOUNDS.length + 1).fill(0)
  sum = 0

  constructor (labels) {
    this.labels = labels
  }

  add (seconds) {
    let i = 0
    while (i < BOUNDS.length && seconds > BOUNDS[i]) i++
    this.counts[i]++
    this.sum += seconds
  }
}

/**
 * How many requests each route has had, and how long they took: a histogram as prom-client's registry takes it. The library's own
 * looks labels up for 1 us a request, a tenth of what such a request takes.
 */
class RequestTimes {
  name = 'http_request_duration_seconds'
  help = 'From the arrival of a request to the end of its answer.'
  type = 'histogram'
  aggregator = 'sum'
  #routes = new Map()

  /**
   * @param {import('fastify').FastifyRequest} request
   * @param {import('fastify').FastifyReply} reply
   */
  add ({ routeOptions: { config } }, { statusCode, elapsedTime }) {
    let statuses = this.#routes.get(config)
    if (statuses === undefined) this.#routes.set(config, statuses = new Map())
    let series = statuses.get(statusCode)
    if (series === undefined) statuses.set(statusCode, series = new Series(labelsOf(config, statusCode)))
    series.add(elapsedTime / 1000)
  }

  reset () {
    this.#routes.clear()
  }

  async get () {
    const { name, help, type, aggregator } = this
    const values = [...this.#routes.values()].flatMap(statuses => [...statuses.values()]).flatMap(series => valuesOf(name, series))
    return { name, help, type, aggregator, values }
  }
}

/** What is not there has no route. */
function labelsOf ({ method = 'any', url = 'none' }, status) {
  return { method: String(method), route: url, status }
}

function valuesOf (name, { labels, counts, sum }) {
  let total = 0
  const buckets = counts.map((count, i) => {
    total += count
    return { metricName: `${name}_bucket`, labels: { ...labels, le: i < BOUNDS.length ? BOUNDS[i] : '+Inf' }, value: total }
  })
  return [...buckets, { metricName: `${name}_sum`, labels, value: sum }, { metricName: `${name}_count`, labels, value: total }]
}

module.exports = RequestTimes
