'use strict'

/** So many of something at a time. */
class Quota {
  #left

  /** @param {number} limit */
  constructor (limit) {
    this.limit = limit
    this.#left = limit
  }

  get used () {
    return this.limit - this.#left
  }

  /** @returns {boolean} false if there are not as many left */
  take (count = 1) {
    if (count > this.#left) return false
    this.#left -= count
    return true
  }

  /** Gives back what was taken. */
  give (count = 1) {
    this.#left += count
  }
}

module.exports = Quota
