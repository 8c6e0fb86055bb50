'use strict'

// Do the sanitizers find what they are for, and does reports.js let it through? Mistakes on purpose, compiled and run as our
// code is; and what is right, of which nothing may be told.

const { spawnSync } = require('node:child_process')
const { problems } = require('./reports')

const CHECKS = {
  address: {
    command: built => [process.execPath, '-e', 'process.dlopen({ exports: {} }, process.argv[1])', `${built}/broken_addon.node`],
    right: ['nothing'],
    wrong: {
      leak: /^Direct leak of [^]*broken_addon\.cc/,
      'read beyond the end': /heap-buffer-overflow[^]*RacyCopy/,
      'read after free': /heap-use-after-free[^]*broken_addon\.cc/,
      overflow: /signed integer overflow/
    }
  },
  thread: {
    command: built => [`${built}/broken_threads`],
    right: ['nothing', 'race by design'],
    wrong: { race: /data race[^]*Race/, 'crossed locks': /lock-order-inversion/ }
  }
}

/** `built`: where the programs are; `session()` begins a new one, as { env, folder } of its reports. */
function selfCheck (name, built, session) {
  const { command: commandFor, right, wrong } = CHECKS[name]
  const [command, ...args] = commandFor(built)
  const reported = mistake => {
    const { env, folder } = session()
    spawnSync(command, args, { env: { ...process.env, ...env, BROKEN: mistake }, stdio: 'ignore' })
    return problems(folder)
  }
  const missed = Object.keys(wrong).filter(mistake => !reported(mistake).some(problem => wrong[mistake].test(problem.trim())))
  const blamed = right.filter(mistake => reported(mistake).length > 0)
  for (const mistake of missed) console.log(`not ok - self-check: not found: ${mistake}`)
  for (const mistake of blamed) console.log(`not ok - self-check: found, though right: ${mistake}`)
  const passed = missed.length + blamed.length === 0
  if (passed) console.log(`ok - self-check: ${Object.keys(wrong).join(', ')}`)
  return passed
}

module.exports = { selfCheck }
