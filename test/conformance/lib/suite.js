'use strict'

// Runs the cases over all columns, and each over all implementations or pairs of them.

const tap = require('tap')
const { PYTHON, NO_PYTHON } = require('../../helpers/python')
const { COLUMNS } = require('./columns')
const { Driver } = require('./driver')
const { ALL, isWanted } = require('./implementations')

/** What the cases of one column work with: driver processes, which stay for all of its cases. */
class Stage {
  #t
  #drivers = new Map()

  constructor (t, column) {
    this.#t = t
    this.column = column
  }

  /** The process of an implementation; another one for each `seat`. */
  driver (implementation, seat = 'one') {
    const name = `${implementation.name}, ${seat}`
    if (!this.#drivers.has(name)) this.#drivers.set(name, new Driver(this.#t, implementation))
    return this.#drivers.get(name)
  }

  /** A process that the test may kill. */
  fresh (t, implementation) {
    return new Driver(t, implementation)
  }

  /** A reference that nobody else has; what is there when the test ends is removed. */
  reference (t, ref = this.column.reference()) {
    t.teardown(() => this.column.remove(ref))
    return ref
  }

  /** Gives the facts. Each driver has one segment open. */
  open (driver, ref, options = {}) {
    return driver.ask('open', { ref, ...this.column.options(options) })
  }

  destroy (driver, ref) {
    const { layout } = this.column.options({})
    return driver.ask('destroy', { ref, layout })
  }

  /** All of them at one new segment, which the first has made. */
  async meet (t, drivers, options = {}) {
    const ref = this.reference(t)
    const [facts] = [await this.open(drivers[0], ref, options), await Promise.all(drivers.slice(1).map(driver => this.open(driver, ref, { create: false })))]
    return { ref, facts }
  }

  /** A case for each implementation that can do all of `abilities`. */
  each (t, title, abilities, body) {
    return t.test(title, async t => {
      for (const implementation of this.#able(abilities).filter(one => isWanted(one))) {
        await t.test(implementation.name, skipOf(implementation), t => body(t, this.driver(implementation), implementation))
      }
    })
  }

  /** A case for each two of them, the same one twice included: `body(t, first, second)`. */
  pairs (t, title, [firstCan, secondCan], body) {
    return t.test(title, async t => {
      for (const first of this.#able(firstCan)) {
        for (const second of this.#able(secondCan).filter(second => isWanted(first, second))) {
          await t.test(`${first.name} / ${second.name}`, skipOf(first, second), t => body(t, this.driver(first), this.driver(second, 'two'), first, second))
        }
      }
    })
  }

  /** Who knows such segments, and is on this machine. */
  get present () {
    return this.#able([]).filter(({ missing }) => !missing)
  }

  /** Who knows such segments, and can do all of it. */
  #able (abilities) {
    return ALL.filter(({ can, columns }) => (columns === undefined || columns.includes(this.column.name)) && abilities.every(ability => can.includes(ability)))
  }
}

function skipOf (...implementations) {
  const missing = implementations.find(({ missing }) => missing)?.missing
  return missing ? { skip: missing } : {}
}

/** `body(t, stage)` for every column that has the features. What looks at segments behind everybody's back needs Python for it. */
function overColumns (features, body, { raw = false } = {}) {
  for (const column of COLUMNS) {
    const lacking = features.filter(feature => !column.features.includes(feature))
    const skip = lacking.length > 0 ? `has no ${lacking.join(', ')}` : raw && PYTHON === null && NO_PYTHON
    tap.test(column.name, { skip }, t => body(t, new Stage(t, column)))
  }
}

module.exports = { overColumns }
