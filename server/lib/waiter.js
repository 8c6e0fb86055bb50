'use strict'

const LONGEST_TIMER = 2 ** 31 - 1

/** Somebody who waits for something for so long. What comes first counts. */
class Waiter {
  #resolve
  #reject
  #timer
  #signal
  #settled = false
  #giveUp = () => this.resolve(null)

  /**
   * @param {{ timeout: number, signal?: AbortSignal }} wait milliseconds, and what ends the wait
   */
  constructor ({ timeout, signal }) {
    /** Resolves to null when the time is over or the signal aborts. */
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#timer = setTimeout(this.#giveUp, Math.min(Math.ceil(timeout), LONGEST_TIMER))
    this.#signal = signal
    if (signal?.aborted) this.#giveUp()
    else signal?.addEventListener('abort', this.#giveUp)
  }

  /** True once it has its answer, or waits no more. */
  get isSettled () {
    return this.#settled
  }

  resolve (value) {
    this.#end()
    this.#resolve(value)
  }

  reject (error) {
    this.#end()
    this.#reject(error)
  }

  #end () {
    this.#settled = true
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#giveUp)
  }
}

module.exports = Waiter
