'use strict'

// npm run soak:http: a server under mixed load for long, while a second one on the same segments is killed again and again. Nothing
// that was acknowledged may be lost, nothing torn, and the memory of the server that stays must not grow. Leaves with 1 where
// something was found. Ctrl-C ends it with its report.

const { parseArgs } = require('node:util')
const { SingleBar } = require('cli-progress')
const { Soak } = require('./soak')

const USAGE = 'usage: npm run soak:http [-- --minutes M]'

function minutesOf (args) {
  const { values: { minutes } } = parseArgs({ args, options: { minutes: { type: 'string', default: '10' } } })
  if (Number(minutes) > 0 && Number(minutes) <= 10_000) return Number(minutes)
  throw new RangeError(`--minutes ${minutes}`)
}

function showProgress (soak) {
  const bar = new SingleBar({
    format: '{bar} {percentage}% | kills {kills} | writes {writes} | reads {reads} | events {events} | found {found} | {memory} MiB',
    noTTYOutput: true,
    notTTYSchedule: 30_000,
    hideCursor: true
  })
  bar.start(100, 0, soak.facts)
  const timer = setInterval(() => bar.update(Math.floor(soak.progress * 100), soak.facts), 500)
  return () => {
    clearInterval(timer)
    bar.update(Math.floor(soak.progress * 100), soak.facts)
    bar.stop()
  }
}

async function main (minutes) {
  const soak = new Soak(minutes * 60_000)
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => soak.stop())
  const stopProgress = showProgress(soak)
  await soak.run()
  stopProgress()
  console.log(soak.report)
  process.exitCode = soak.findings.length > 0 ? 1 : 0
}

let minutes
try {
  minutes = minutesOf(process.argv.slice(2))
} catch (error) {
  console.error(`${error.message}\n${USAGE}`)
  process.exit(2)
}
main(minutes)
