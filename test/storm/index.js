'use strict'

// npm run storm: kills processes of all kinds at random and looks for what must not be: torn, lost, stuck, crashed, left behind.
// --posix: over POSIX shared memory instead of System V's. --broken adds peers that do what breaks other programs, and the storm must
// find it. Leaves with 1 where it has found something. The seed repeats who is killed and what is written, not the timing of processes. Ctrl-C ends it with its report.

const { parseArgs } = require('node:util')
const { SingleBar } = require('cli-progress')

const BROKEN = ['in-place', 'take-back', 'no-undo', 'abort']
const USAGE = `usage: npm run storm [-- --kills N | --minutes M] [--seed S] [--watchdog MS] [--posix] [--broken ${BROKEN.join('|')}]`
const text = { type: 'string' }
const flag = { type: 'boolean', default: false }

function numberOf (name, given, least) {
  const number = given === undefined ? undefined : Number(given)
  if (number !== undefined && !(number >= least && number <= 2 ** 31)) throw new RangeError(`--${name} ${given}`)
  return number
}

function optionsOf (args) {
  const { values } = parseArgs({ args, options: { kills: text, minutes: text, seed: text, watchdog: text, broken: text, posix: flag } })
  const { broken, posix } = values
  if (broken !== undefined && !BROKEN.includes(broken)) throw new RangeError(`--broken ${broken}`)
  const minutes = numberOf('minutes', values.minutes, 0.01)
  const kills = numberOf('kills', values.kills, 1) ?? (minutes === undefined ? 1000 : undefined)
  const seed = numberOf('seed', values.seed, 0) ?? Date.now() % 2 ** 31
  return { kills, minutes, seed, broken, posix, watchdog: numberOf('watchdog', values.watchdog, 1) ?? 5000 }
}

function showProgress (storm) {
  const bar = new SingleBar({
    format: '{bar} {percentage}% | kills {kills} | torn {torn} | lost {lost} | stuck {stuck} | crashed {crashed}',
    noTTYOutput: true,
    notTTYSchedule: 30_000,
    hideCursor: true
  })
  const { findings } = storm
  const facts = () => ({ kills: storm.kills, torn: findings.torn, lost: findings.lost, stuck: findings.stuck, crashed: findings.crashed })
  bar.start(100, 0, facts())
  const timer = setInterval(() => bar.update(Math.floor(storm.progress * 100), facts()), 200)
  return () => {
    clearInterval(timer)
    bar.update(Math.floor(storm.progress * 100), facts())
    bar.stop()
  }
}

/** Before anything is loaded that opens segments. The peers inherit it. */
function usePosixMemory () {
  process.env.SHMNODE_TEST_MEMORY = 'posix'
  require('../helpers/over-posix')
}

async function main (options) {
  if (options.posix) usePosixMemory()
  const { reportOf } = require('./report')
  const { Storm } = require('./storm')
  const storm = new Storm(options)
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => storm.stop())
  const stopProgress = showProgress(storm)
  await storm.run()
  stopProgress()
  console.log(reportOf(storm, options))
  process.exitCode = storm.findings.total > 0 ? 1 : 0
}

let options
try {
  options = optionsOf(process.argv.slice(2))
} catch (error) {
  console.error(`${error.message}\n${USAGE}`)
  process.exit(2)
}
main(options)
