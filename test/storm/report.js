'use strict'

// What a storm has to say, as text.

const { NO_PYTHON, PYTHON } = require('../helpers/python')

const LANGUAGES = ['C++', 'Node.js', 'Python']
const WORDS = {
  writer: 'writers',
  updater: 'conditional writers',
  reader: 'readers',
  exclusive: 'lock holders, exclusive',
  shared: 'lock holders, shared',
  follower: 'who wait for changes',
  creator: 'creators',
  destroyer: 'destroyers',
  all: 'all',
  small: 'in 4 KiB',
  large: 'in 512 KiB',
  passing: 'in one that comes and goes'
}

const whole = number => number.toLocaleString('en-US')
const milliseconds = us => `${(us / 1000).toLocaleString('en-US', { maximumFractionDigits: 1 })} ms`

const line = (name, cells) => `  ${name.padEnd(26)}${cells.map(cell => String(cell).padStart(12)).join('')}`

function killsTable (head, rows) {
  const body = Object.entries(rows).map(([name, counts]) => line(WORDS[name] ?? name, LANGUAGES.map(language => whole(counts[language] ?? 0))))
  return [line(head, LANGUAGES), ...body.sort()]
}

function recoveryTable (recovery) {
  const body = Object.entries(recovery).filter(([, { count }]) => count > 0).map(([name, histogram]) =>
    line(WORDS[name] ?? name, [...[50, 99].map(share => milliseconds(histogram.percentile(share))), milliseconds(histogram.max)]))
  return [line('next write after', ['p50', 'p99', 'slowest']), ...body]
}

function reportOf (storm, { seed, posix }) {
  const { findings } = storm
  return [
    `${whole(storm.kills)} kills and ${whole(storm.stops)} stops in ${whole(Math.round(storm.seconds))} s, seed ${seed}${posix ? ', over POSIX shared memory' : ''}${PYTHON === null ? `, without Python: ${NO_PYTHON}` : ''}`,
    '',
    ...killsTable('killed', storm.killsByRole),
    '',
    ...killsTable('of them', storm.killsByState),
    '',
    ...recoveryTable(storm.recovery),
    '',
    `  reads checked ${whole(storm.reads)}, writes acknowledged ${whole(storm.writes)}, incarnations seen ${whole(storm.ledger.lives)}`,
    `  torn ${findings.torn}, lost ${findings.lost}, stuck ${findings.stuck}, crashed ${findings.crashed}, left behind ${findings.left}`,
    ...findings.texts.flatMap(text => ['', `  ${text}`])
  ].join('\n')
}

module.exports = { reportOf }
