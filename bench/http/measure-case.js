'use strict'

const { randomBytes } = require('node:crypto')
const { quantile } = require('../measure')
const { Driver } = require('./driver')

/**
 * Measures one case: new processes for each round, as two of the same program may differ by a twentieth for as long as they live.
 * @param {import('./cases').HttpCase} benchCase
 * @param {{ client: object, rounds: number, seconds: number, connections: number, profile?: string }} options
 */
async function measureCase (benchCase, options) {
  const body = randomBytes(benchCase.size)
  const results = []
  for (let round = 0; round < options.rounds; round++) results.push(await measureRound(benchCase, body, options, round % 2 === 0))
  return summary(benchCase, results)
}

async function measureRound ({ size, method, path, peer, isBare }, body, options, areOursFirst) {
  const [ours, theirs] = await Promise.all([Driver.ours(options), Driver.peer(peer, { isBare })])
  try {
    await fetch(`${ours.origin}/write`, { method: 'POST', body })
    const load = { method, body, seconds: options.seconds, connections: options.connections }
    return await alternate({
      ours: () => measure(ours, options.client, { ...load, url: `${ours.origin}${path}` }),
      theirs: () => measure(theirs, options.client, { ...load, url: `${theirs.origin}${path}${method === 'GET' ? `/${size}` : ''}` })
    }, areOursFirst)
  } finally {
    await Promise.all([ours.stop(), theirs.stop()])
  }
}

async function alternate (sides, areOursFirst) {
  const names = areOursFirst ? ['ours', 'theirs'] : ['theirs', 'ours']
  const result = {}
  for (const name of [...names, ...names]) result[name] = await sides[name]() // the first of both was to warm up
  return result
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
