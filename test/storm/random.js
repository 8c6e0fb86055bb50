'use strict'

// Numbers that a seed repeats (mulberry32).

class Random {
  #state

  constructor (seed) {
    this.#state = seed | 0
  }

  /** A whole number from 0 to bound - 1. */
  below (bound) {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * bound)
  }

  oneIn (count) {
    return this.below(count) === 0
  }

  pick (list) {
    return list[this.below(list.length)]
  }
}

module.exports = { Random }
