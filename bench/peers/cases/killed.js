'use strict'

// A process has the lock and is killed. How long until this one has it?

const { now, sampled } = require('../timing')

async function start ({ driver, spec, companion }) {
  const lock = await driver.lock(spec)
  async function once () {
    const holder = companion()
    await holder.ready
    await holder.channel.ask('hold')
    const began = now()
    const killed = holder.kill()
    await (lock.hold ? lock.hold(() => {}) : lock.acquire())
    const took = now() - began
    await lock.release?.()
    await killed
    return took
  }
  return {
    round: async milliseconds => ({ samples: { latency: await sampled(once, milliseconds) } }),
    end: () => (lock.destroy ?? lock.end)()
  }
}

async function companion ({ driver, spec, channel, again }) {
  const lock = await again(() => driver.lock(spec))
  return async () => {
    if (!lock.hold) return lock.acquire()
    // A lock of one turn of the loop: asleep inside of it, after the answer has gone.
    setTimeout(() => lock.hold(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)), 1)
  }
}

module.exports = { start, companion }
