'use strict'

// Loaded before a server that is measured: answers 'gauges' of its parent with what the process has used since the last time.

const { monitorEventLoopDelay } = require('node:perf_hooks')

/** Milliseconds between two looks at the clock. What is longer, the loop was late. */
const RESOLUTION = 1

const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
delay.enable()
let before = process.cpuUsage()

process.on('message', message => {
  if (message !== 'gauges') return
  const { user, system } = process.cpuUsage(before)
  const late = Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION)
  process.send({ cpu: user + system, late, memory: process.memoryUsage.rss() })
  before = process.cpuUsage()
  delay.reset()
})
// The server ends as it would without this.
process.channel.unref()
