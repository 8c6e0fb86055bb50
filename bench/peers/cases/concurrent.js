'use strict'

// Many calls at once in one process, on 64 bytes; the next ones when all are done.

const { timedAtOnce } = require('../timing')

async function start ({ driver, spec }) {
  const place = await driver.place(spec, true)
  const source = Buffer.alloc(spec.size, 1)
  const targets = Array.from({ length: spec.width }, () => Buffer.alloc(spec.size))
  await place.write(source)
  let next = 0
  return {
    async round (milliseconds) {
      const write = await timedAtOnce(spec.width, () => place.write(source), milliseconds)
      const read = await timedAtOnce(spec.width, () => place.read(targets[next++ % spec.width]), milliseconds)
      return { values: { write, read } }
    },
    end: () => place.end()
  }
}

module.exports = { start }
