'use strict'

// From the begin of a commit to the value in the other process, which has slept for a millisecond.

const { setTimeout: sleep } = require('node:timers/promises')
const { now, sampled } = require('../timing')

async function start ({ driver, spec, companion }) {
  const other = companion()
  const link = await driver.link(spec, 'a', other.channel)
  const source = Buffer.alloc(spec.size, 1)
  let told
  await link.listen(value => told(value.readDoubleLE()))
  await other.ready
  async function once () {
    await sleep(1)
    return new Promise((resolve, reject) => {
      told = resolve
      source.writeDoubleLE(now())
      link.send(source)?.catch?.(reject)
    })
  }
  return {
    round: async milliseconds => ({ samples: { latency: await sampled(once, milliseconds) } }),
    end: () => link.end()
  }
}

async function companion ({ driver, spec, channel, again }) {
  const link = await again(() => driver.link(spec, 'b', channel))
  const late = Buffer.alloc(spec.back)
  await link.listen(value => {
    late.writeDoubleLE(now() - value.readDoubleLE())
    link.send(late)
  })
}

module.exports = { start, companion }
