'use strict'

// GenMC's enumeration of what cell.c may do under RC11 and IMM.

const path = require('node:path')
const { run } = require('./command')

exports.command = 'genmc'
exports.origin = 'not in Debian; tried with 0.10.0, built from source with llvm-14-dev'

const kills = [0, 1, 2, 3, 4, 5, 6].map(steps => `KILLED=${steps}`)
const asIs = kills.flatMap(killed => [[killed], [killed, 'SLOTS=3', 'WRITES=3']])

// What GenMC must find, with the writer killed in the copy.
const broken = {
  WITHOUT_RELEASE_FENCE: '!torn',
  WITHOUT_ACQUIRE_FENCE: '!torn',
  WITHOUT_SECOND_CHECK: '!torn',
  WITH_LATE_MARK: '!torn',
  WITH_RELAXED_COMMIT: '!torn',
  WITH_RELAXED_MARK: '!falsely_corrupt',
  WITH_RELAXED_READ_OF_COMMIT: '!falsely_corrupt',
  WITH_RELAXED_FIRST_CHECK: '!falsely_corrupt',
  WITHOUT_SLOTS: '!falsely_corrupt',
  'SLOTS=1': '!falsely_corrupt'
}

exports.checks = ['rc11', 'imm'].flatMap(memory => [
  ...asIs.map(define => ({ model: memory, name: define.join(' ').toLowerCase(), memory, define })),
  ...Object.entries(broken).map(([name, finds]) => ({ model: memory, memory, define: [name, 'KILLED=2'], finds }))
])

/** What was found first (undefined: nothing), and how many executions there are. */
exports.search = function ({ memory, define }) {
  const args = [`--${memory}`, '--disable-estimation', '--', ...define.map(name => `-D${name}`), path.join(__dirname, 'cell.c')]
  const report = run('genmc', args, { allowed: [0, 42] })
  const found = /Assertion violation: (.*)$/m.exec(report)?.[1]
  if (!found && !/No errors were detected/.test(report)) throw new Error(report)
  return { found, size: `${/executions explored: (\d+)/.exec(report)[1]} executions` }
}
