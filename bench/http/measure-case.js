'use strict'

const { randomBytes } = require('node:crypto')
const { quantile } = require('../measure')
const { Driver } = require('./driver')

/**
 * Measures one case: both servers by turns.
 * @param {import('./cases').HttpCase} benchCase
 * @param {{ client: object, rounds: number, seconds: number, connections: number, profile?: string }} options
 */
async function measureCase (benchCase, options) {
  const { size, method, path, peer } = benchCase
  const body = randomBytes(size)
  const [ours, theirs] = await Promise.all([Driver.ours(options), Driver.peer(peer, {})])
  try {
    await fetch(`${ours.origin}/write`, { method: 'POST', body })
    const load = { method, body, seconds: options.seconds, connections: options.connections }
    const sides = {
      ours: () => measure(ours, options.client, { ...load, url: `${ours.origin}${path}` }),
      theirs: () => measure(theirs, options.client, { ...load, url: `${theirs.origin}${path}${method === 'GET' ? `/${size}` : ''}` })
    }
    return summary(benchCase, await alternate(sides, options.rounds))
  } finally {
    await Promise.all([ours.stop(), theirs.stop()])
  }
}

/** Who comes first changes from round to round. */
async function alternate (sides, rounds) {
  const results = []
  for (let round = -1; round < rounds; round++) {
    const result = {}
    for (const side of round % 2 === 0 ? ['ours', 'theirs'] : ['theirs', 'ours']) result[side] = await sides[side]()
    if (round >= 0) results.push(result) // the first was to warm up
  }
  return results
}

async function measure (server, client, load) {
  await server.gauges()
  const { requests, seconds } = await client.run(load)
  const { cpu, late, memory } = await server.gauges()
  return { rate: requests / seconds, cpu: cpu / requests, late, memory }
}

function summary ({ id, title, bar }, rounds) {
  const median = (fn, q = 0.5) => quantile(rounds.map(fn), q)
  const rate = ({ ours, theirs }) => ours.rate / theirs.rate
  return {
    id,
    title,
    bar,
    rate: { ours: median(r => r.ours.rate), theirs: median(r => r.theirs.rate), ratio: median(rate), low: median(rate, 0.25), high: median(rate, 0.75) },
    cpu: { ours: median(r => r.ours.cpu), theirs: median(r => r.theirs.cpu), ratio: median(r => r.ours.cpu / r.theirs.cpu) },
    late: { ours: median(r => r.ours.late), theirs: median(r => r.theirs.late) },
    memory: { ours: Math.max(...rounds.map(r => r.ours.memory)), theirs: Math.max(...rounds.map(r => r.theirs.memory)) }
  }
}

module.exports = { measureCase }
