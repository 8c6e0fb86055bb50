'use strict'

// npm run bench:http: requests a second of the server against a Fastify that answers from its own memory, and what a request costs
// the server's process. Rounds of both alternate; the median of the rounds' ratios is what counts.

const os = require('node:os')
const cases = require('./cases')
const { CLIENTS, clientOf } = require('./clients')
const { commandLine, positive, refuse } = require('../command-line')
const { measureCase } = require('./measure-case')
const { report, heading } = require('./report')

const USAGE = `usage: npm run bench:http [-- --quick] [--rounds 7] [--seconds 2] [--connections 32] [--only read-2048] [--client wrk|autocannon]
                          [--profile DIR] [--json]`
const text = { type: 'string' }
const flag = { type: 'boolean', default: false }

function optionsOf (args) {
  const { values } = commandLine(USAGE, { args, options: { quick: flag, rounds: text, seconds: text, connections: text, only: text, client: text, profile: text, json: flag } })
  const { quick, only, profile, json } = values
  if (values.client !== undefined && !Object.hasOwn(CLIENTS, values.client)) refuse(`--client ${values.client}`, USAGE)
  const number = (name, usual) => positive(name, values[name] ?? usual, USAGE)
  return {
    only,
    profile,
    json,
    client: clientOf(values.client),
    rounds: number('rounds', quick ? 3 : 7),
    seconds: number('seconds', quick ? 0.5 : 2),
    connections: number('connections', 32)
  }
}

async function main (options) {
  const { client, json, only } = options
  const machine = { node: process.version, cpu: os.cpus()[0].model.trim(), cores: os.cpus().length, kernel: os.release(), client: client.name }
  const results = []
  if (!json) console.log(`${Object.values(machine).join(', ')}\n${heading}`)
  for (const benchCase of cases.filter(({ id }) => only === undefined || id.startsWith(only))) {
    results.push(await measureCase(benchCase, options))
    if (!json) console.log(report(results.at(-1)))
  }
  if (json) console.log(JSON.stringify({ machine, results }, null, 2))
}

main(optionsOf(process.argv.slice(2))).catch(error => {
  console.error(error)
  process.exit(1)
})
