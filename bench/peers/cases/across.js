'use strict'

// A closed loop of two processes: one writes a value, the other learns of it, has all its bytes, and answers with 64 by the same way.

const { now, sampled } = require('../timing')

async function start ({ driver, spec, companion }) {
  const other = companion()
  const link = await driver.link(spec, 'a', other.channel)
  const source = Buffer.alloc(spec.size, 1)
  let answered
  await link.listen(() => answered())
  await other.ready
  const roundTrip = () => new Promise((resolve, reject) => {
    const began = now()
    answered = () => resolve(now() - began)
    link.send(source)?.catch?.(reject)
  })
  return {
    round: async milliseconds => ({ samples: { latency: await sampled(roundTrip, milliseconds) } }),
    end: () => link.end()
  }
}

async function companion ({ driver, spec, channel, again }) {
  const link = await again(() => driver.link(spec, 'b', channel))
  const ack = Buffer.alloc(spec.back, 1)
  await link.listen(value => {
    if (value.length !== spec.size) throw new Error(`${value.length} bytes came`)
    link.send(ack)
  })
}

module.exports = { start, companion }
