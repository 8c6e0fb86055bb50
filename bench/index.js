'use strict'

// npm run bench: what a call costs, as a ratio to a floor of the same run. Rounds of both sides alternate, so that a machine
// whose speed drifts does not favour one; the median of the rounds' ratios is what counts.

const os = require('node:os')
const cases = require('./cases')
const { commandLine, positive, refuse } = require('./command-line')
const { measure } = require('./measure')

const USAGE = 'usage: npm run bench [-- --case P1,P5-100] [--rounds 21] [--json]'

const { values: given } = commandLine(USAGE, {
  options: {
    case: { type: 'string' },
    rounds: { type: 'string', default: '21' },
    json: { type: 'boolean', default: false }
  }
})

const rounds = positive('rounds', given.rounds, USAGE)
const wanted = given.case?.split(',')

/** P1 stands for all its variants, such as P1c, but not for P10. */
const isCalled = (id, name) => id === name || /^P\d+/.exec(id)[0] === name
const isAskedFor = id => wanted === undefined || wanted.some(name => isCalled(id, name))

for (const name of wanted ?? []) {
  if (!cases.some(({ ids }) => ids.some(id => isCalled(id, name)))) refuse(`--case ${name}`, USAGE)
}

const machine = () => ({ node: process.version, cpu: os.cpus()[0].model.trim(), cores: os.cpus().length, kernel: os.release() })

const nanoseconds = ns => ns < 10_000 ? `${ns.toFixed(0)} ns` : ns < 10_000_000 ? `${(ns / 1e3).toFixed(1)} us` : `${(ns / 1e6).toFixed(1)} ms`

function verdict ({ bar, atLeast }, ratio) {
  if (bar === undefined) return ''
  return (atLeast ? ratio >= bar : ratio <= bar) ? 'reached' : 'short'
}

function line (result) {
  const { id, title, ours, floor, ratio, low, high, bar, atLeast } = result
  return [
    id.padEnd(8), title.padEnd(58),
    `${nanoseconds(ours)} / ${nanoseconds(floor)}`.padStart(22),
    `${ratio.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`.padStart(20),
    (bar === undefined ? '' : `${atLeast ? '>=' : '<='} ${bar}`).padStart(8), verdict(result, ratio)
  ].join(' ')
}

async function run () {
  const results = []
  if (!given.json) {
    console.log(Object.values(machine()).join(', '))
    console.log(`${'case'.padEnd(67)} ${'ours / floor, a call'.padStart(22)} ${'ratio (quartiles)'.padStart(20)} ${'bar'.padStart(8)}`)
  }
  for (const make of cases.filter(({ ids }) => ids.some(isAskedFor))) {
    for (const benchCase of await make()) {
      if (!isAskedFor(benchCase.id)) continue
      results.push(await measure(benchCase, rounds))
      if (!given.json) console.log(line(results.at(-1)))
    }
    await make.end()
  }
  if (given.json) console.log(JSON.stringify({ machine: machine(), results }, null, 2))
}

run()
