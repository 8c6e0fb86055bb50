'use strict'

// So many processes that write and so many that read one value, all as fast as they can. Each value has one number in all its eight
// bytes; what was committed is told on a board, so that a reader knows what it may not be older than. With several writers nobody
// can tell stale values: numbers come in any order.

const { board } = require('../board')
const { now } = require('../timing')
const { fill, numberIn } = require('../values')

async function start ({ driver, spec, companion }) {
  const shared = await board(spec, true)
  const place = await driver.place(spec, true)
  const many = (count, role) => Array.from({ length: count }, () => companion({ role }))
  const writers = many(spec.writers, 'writer')
  const readers = many(spec.readers, 'reader')
  await place.write(fill(Buffer.alloc(spec.size), 0))
  await Promise.all([...writers, ...readers].map(({ ready }) => ready))
  return {
    async round (milliseconds) {
      const all = await Promise.all([...writers, ...readers].map(({ channel }) => channel.ask(milliseconds)))
      return { values: summary(all.slice(0, writers.length), all.slice(writers.length)) }
    },
    async end () {
      await place.end()
      await shared.end()
    }
  }
}

const sum = (all, name) => all.reduce((total, one) => total + one[name], 0)

function summary (writers, readers) {
  const reads = sum(readers, 'calls')
  const rates = writers.map(({ calls }) => calls)
  return {
    writes: sum(writers, 'rate'),
    ...(readers.length > 0 && { reads: sum(readers, 'rate'), torn: sum(readers, 'torn') / reads, stale: writers.length === 1 ? sum(readers, 'stale') / reads : undefined }),
    ...(writers.length > 1 && { least: Math.min(...rates) / (sum(writers, 'calls') / writers.length) })
  }
}

/** So many calls in between let the loop turn: a synchronous driver would hear nothing. */
const TURN = 64

const turn = () => new Promise(resolve => setImmediate(resolve))

async function companion ({ driver, spec, again }) {
  const shared = await again(() => board(spec, false))
  const place = await again(() => driver.place(spec, false))
  const bytes = Buffer.alloc(spec.size)
  const committed = shared.words
  const roles = {
    async writer () {
      const number = Atomics.load(committed, 0) + 1n
      await place.write(fill(bytes, number))
      if (spec.writers === 1) Atomics.store(committed, 0, number)
      return {}
    },
    async reader () {
      const least = Number(Atomics.load(committed, 0))
      const number = numberIn(await place.read(bytes))
      return { torn: number < 0, stale: number >= 0 && number < least }
    }
  }
  return milliseconds => forSoLong(roles[spec.role], milliseconds)
}

async function forSoLong (call, milliseconds) {
  const counts = { calls: 0, torn: 0, stale: 0 }
  const began = now()
  while (now() - began < milliseconds * 1e6) {
    const { torn = false, stale = false } = await call()
    counts.calls++
    counts.torn += Number(torn)
    counts.stale += Number(stale)
    if (counts.calls % TURN === 0) await turn()
  }
  return { ...counts, rate: counts.calls / (now() - began) * 1e9 }
}

module.exports = { start, companion }
