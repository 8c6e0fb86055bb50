'use strict'

// One process writes a value, and reads it into memory of its own, one call after the other.

const { timed } = require('../timing')

const SLOTS = 3

async function start ({ driver, spec }) {
  const place = await driver.place(spec, true)
  const source = Buffer.alloc(spec.size, 1)
  const target = Buffer.alloc(spec.size, 2)
  // The kernel zeroes memory at its first use, and shmnode uses three slots in turn.
  for (let i = 0; i < SLOTS; i++) await place.write(source)
  return {
    async round (milliseconds) {
      const write = await timed(() => place.write(source), milliseconds)
      const read = await timed(() => place.read(target), milliseconds)
      return { values: { write, read } }
    },
    end: () => place.end()
  }
}

module.exports = { start }
