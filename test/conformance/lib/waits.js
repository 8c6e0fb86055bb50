'use strict'

// Looks until something is so. Only the runner's watchdog is shorter than its patience.

const fs = require('node:fs')
const { setTimeout: sleep } = require('node:timers/promises')

async function until (isSo) {
  while (!await isSo()) await sleep(2)
}

/** futex(2). */
const FUTEX = { x64: '202', arm64: '98' }[process.arch]

/** Whether the process sleeps in a futex, its first thread. */
const sleepsInFutex = pid => fs.readFileSync(`/proc/${pid}/syscall`, 'utf8').split(' ')[0] === FUTEX

module.exports = { until, sleepsInFutex }
