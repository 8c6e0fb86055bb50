'use strict'

// How late timers are while one call after the other is made, as users of the driver make them; and the rate of the calls.

const { monitorEventLoopDelay } = require('node:perf_hooks')
const { now } = require('../timing')

const turn = () => new Promise(resolve => setImmediate(resolve))

async function start ({ driver, spec }) {
  const place = await driver.place(spec, true)
  const source = Buffer.alloc(spec.size, 1)
  const target = Buffer.alloc(spec.size)
  async function calls (milliseconds) {
    const began = now()
    let count = 0
    for (; now() - began < milliseconds * 1e6; count += 2) {
      await place.write(source)
      await place.read(target)
      await turn()
    }
    return count / (now() - began) * 1e9
  }
  return {
    async round (milliseconds) {
      const delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
      const rate = await calls(milliseconds)
      delay.disable()
      return { values: { p99: delay.percentile(99), max: delay.max, rate } }
    },
    end: () => place.end()
  }
}

module.exports = { start }
