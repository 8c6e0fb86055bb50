'use strict'

// npm run bench:peers: what shmnode costs beside what one would take instead of it. Cases times drivers, each driver in processes of
// its own, by turns. Its first run installs the peers, into this folder.
//
// The page of what it finds: npm run bench:report.

const fs = require('node:fs')
const cases = require('./cases')
const { commandLine, positive, refuse } = require('../command-line')
const drivers = require('./drivers')
const { Ground } = require('./ground')
const { installPeers } = require('./install')
const { machine } = require('./machine')
const { measureVariant } = require('./measure-variant')
const { merge } = require('./results')
const { Progress } = require('./progress')
const { lines } = require('./lines')

const USAGE = `usage: npm run bench:peers [-- --case across,local] [--variant 64] [--driver shm-sync,redis] [--quick] [--rounds N] [--scale 0.5]
                           [--json] [--into FILE] [--no-install] [--list]

  --into FILE   keeps the results there, in place of those of the same cases and variants: so a long run can be made in parts
  --scale       of the milliseconds of each round
  --list        says what there is to measure`
const text = { type: 'string' }
const flag = { type: 'boolean', default: false }

function optionsOf (args) {
  const { values } = commandLine(USAGE, {
    args,
    allowNegative: true,
    options: { case: text, variant: text, driver: text, rounds: text, scale: text, into: text, quick: flag, json: flag, list: flag, install: { type: 'boolean', default: true } }
  })
  const names = name => values[name]?.split(',')
  const number = name => positive(name, values[name], USAGE)
  return { ...values, cases: names('case'), variants: names('variant'), drivers: names('driver'), rounds: number('rounds'), scale: number('scale') ?? 1 }
}

function known (names, list, option) {
  const unknown = names?.find(name => !list.includes(name))
  if (unknown !== undefined) refuse(`--${option} ${unknown}: there are ${list.join(', ')}`, USAGE)
}

/** What there is to do: each variant of each case, with its drivers. */
function plansOf (options) {
  known(options.cases, cases.map(({ id }) => id), 'case')
  known(options.drivers, drivers.map(({ name }) => name), 'driver')
  return cases.filter(({ id }) => options.cases?.includes(id) ?? true).flatMap(peerCase =>
    peerCase.variants.filter(({ id, quick }) => options.variants?.includes(id) ?? (quick || !options.quick)).map(variant => planOf(peerCase, variant, options)))
}

function planOf (peerCase, variant, { drivers: chosen, quick, rounds, scale }) {
  const names = variant.drivers ?? peerCase.drivers
  return {
    peerCase,
    variant,
    module: peerCase.id,
    metrics: peerCase.metrics,
    drivers: drivers.filter(({ name }) => names.includes(name) && (chosen?.includes(name) ?? true)),
    rounds: rounds ?? (quick ? 2 : variant.rounds ?? peerCase.rounds),
    milliseconds: (variant.milliseconds ?? peerCase.milliseconds) * (quick ? 0.5 : 1) * scale,
    alone: variant.alone ?? peerCase.alone ?? false
  }
}

async function run (plans, ground, progress, onResult) {
  for (const plan of plans) {
    const { peerCase, variant } = plan
    const missing = ground.redisMissing
    const present = plan.drivers.filter(({ name }) => name !== 'redis' || missing === undefined)
    const left = plan.drivers.filter(driver => !present.includes(driver)).map(({ name }) => ({ driver: name, skipped: missing }))
    const specOf = () => ground.specOf(variant)
    const results = await measureVariant({ ...plan, drivers: present, specOf }, word => progress.step(`${peerCase.id} ${variant.title}: ${word}`))
    onResult({ case: peerCase.id, variant: variant.id, results: [...results, ...left] })
  }
}

async function main (options) {
  const plans = plansOf(options)
  if (options.list) return plans.forEach(({ peerCase, variant }) => console.log(`--case ${peerCase.id} --variant ${variant.id}`.padEnd(50), `${peerCase.title}: ${variant.title}`))
  if (options.install) installPeers()
  const found = { machine: machine(), began: new Date().toISOString(), quick: options.quick, measured: [] }
  const ground = await Ground.make()
  const progress = new Progress(plans)
  const end = async () => {
    progress.stop()
    await ground.end()
  }
  // The processes of the drivers end by themselves when nobody asks them any more.
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) process.once(signal, () => end().finally(() => process.exit(code)))
  if (!options.json) progress.log(Object.entries(found.machine).map(([name, value]) => `${name} ${value}`).join(', '))
  try {
    await run(plans, ground, progress, measured => {
      found.measured.push(measured)
      if (!options.json) for (const line of lines(measured)) progress.log(line)
      if (options.into !== undefined) keep(options.into, found)
    })
  } finally {
    await end()
  }
  if (options.json) console.log(JSON.stringify(merge(undefined, found), null, 2))
}

function keep (file, found) {
  const before = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined
  fs.writeFileSync(file, `${JSON.stringify(merge(before, found), null, 1)}\n`)
}

main(optionsOf(process.argv.slice(2))).catch(error => {
  console.error(error)
  process.exitCode = 1
})
