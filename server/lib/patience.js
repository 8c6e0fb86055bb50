'use strict'

const { departureOf } = require('./departure')

/** Most calls take less, and cannot be called off: a signal for each of them would cost more than the call itself. In milliseconds. */
const QUICK = 20

/** How long a request may wait, and what ends its wait. */
class Patience {
  #answer

  /**
   * @param {import('node:http').ServerResponse} answer
   * @param {number} timeout milliseconds
   */
  constructor (answer, timeout) {
    this.#answer = answer
    this.timeout = timeout
  }

  /** Aborts when the client has left. Made when it is asked for. */
  get signal () {
    return departureOf(this.#answer)
  }

  /**
   * What is left of it.
   * @param {number} spent milliseconds
   */
  less (spent) {
    return new Patience(this.#answer, this.timeout - spent)
  }

  /**
   * A call that seldom waits.
   * @template T
   * @param {(wait: { timeout: number, signal?: AbortSignal }) => Promise<T>} call made again with a signal, if it is not to be had quickly
   * @returns {Promise<T>}
   */
  async spend (call) {
    if (this.timeout <= QUICK) return call({ timeout: this.timeout })
    try {
      return await call({ timeout: QUICK })
    } catch (error) {
      if (error.code !== 'ERR_SHM_TIMEOUT') throw error
    }
    return call({ timeout: this.timeout - QUICK, signal: this.signal })
  }
}

module.exports = Patience
