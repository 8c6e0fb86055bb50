'use strict'

const Waiter = require('./waiter')

/** So much of something at a time. Who waits for his share gets it in turn. */
class Quota {
  #used = 0
  /** In the order in which they came. */
  #waiting = new Map()

  /** @param {number} limit */
  constructor (limit) {
    this.limit = limit
  }

  get used () {
    return this.#used
  }

  /** @returns {boolean} false if there is not as much left, or others wait for it */
  take (count = 1) {
    if (this.#waiting.size > 0 || !this.#fits(count)) return false
    this.#used += count
    return true
  }

  /**
   * {@link take}, once there is as much left.
   * @param {number} count of which one that is over the limit gets all there is
   * @param {{ timeout: number, signal?: AbortSignal }} wait milliseconds, and what ends the wait
   * @returns {Promise<boolean>} false if it was not to be had
   */
  async acquire (count, wait) {
    if (this.take(count)) return true
    const waiter = new Waiter(wait)
    this.#waiting.set(waiter, count)
    const had = await waiter.promise
    if (had === true) return true
    this.#waiting.delete(waiter)
    this.#serve()
    return false
  }

  /** Gives back what was taken. */
  give (count = 1) {
    this.exchange(count, 0)
  }

  /** Gives back what was taken, and takes another amount that may even be over the limit: it is there already. */
  exchange (given, taken) {
    this.#used += taken - given
    this.#serve()
  }

  #fits (count) {
    return this.#used + count <= this.limit || this.#used === 0
  }

  #serve () {
    for (const [waiter, count] of this.#waiting) {
      if (!waiter.isSettled && !this.#fits(count)) return
      this.#waiting.delete(waiter)
      if (waiter.isSettled) continue
      this.#used += count
      waiter.resolve(true)
    }
  }
}

module.exports = Quota
