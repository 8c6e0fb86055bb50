'use strict'

const { overloaded } = require('./overload')
const { UNCOUNTED_LENGTH } = require('./representation')
const Waiter = require('./waiter')
const whenSent = require('./when-sent')

/** A client has so long to take an answer, in milliseconds, and as long again for each so many bytes of it. */
const PATIENCE = 30_000
const PATIENCE_BYTES = 2 * 1024 * 1024

/** A value that was read for one answer, and is counted among the bytes of answers on their way until that has been sent. */
class Loan {
  #quota
  #isOver = false

  /** Who is fetching the value of each segment: those who come meanwhile wait for him instead of for room of their own. */
  static #fetching = new WeakMap()

  /**
   * Reads the value, once there is room for it.
   * @param {import('./current-value')} current
   * @param {import('./quota')} quota bytes
   * @param {import('./patience')} patience
   */
  static async take (current, quota, patience) {
    const shared = await current.readShared()
    if (shared !== null) return new Loan(shared, quota)
    if (current.expectedLength <= UNCOUNTED_LENGTH) return new Loan(await current.readAnew(), quota)
    const fetching = Loan.#fetching.get(current)
    return fetching === undefined ? Loan.#fetch(current, quota, patience) : Loan.#takeBehind(fetching, current, quota, patience)
  }

  /** What is fetched may be old by then: that may have begun before the caller came. */
  static async #takeBehind (fetching, current, quota, patience) {
    const began = performance.now()
    const waiter = new Waiter(patience)
    const goOn = () => waiter.resolve(null)
    fetching.then(goOn, goOn)
    await waiter.promise
    const shared = await current.readShared()
    return shared === null ? Loan.#fetch(current, quota, patience.less(performance.now() - began)) : new Loan(shared, quota)
  }

  static #fetch (current, quota, patience) {
    const fetching = Loan.#fetchAlone(current, quota, patience)
    if (!Loan.#fetching.has(current)) {
      Loan.#fetching.set(current, fetching)
      const done = () => Loan.#fetching.delete(current)
      fetching.then(done, done)
    }
    return fetching
  }

  static async #fetchAlone (current, quota, patience) {
    const room = current.expectedLength
    if (!await quota.acquire(room, patience)) throw overloaded('Too many bytes are on their way to clients that are slow to take them.')
    try {
      return new Loan(await current.readAnew(), quota, room)
    } catch (error) {
      quota.give(room)
      throw error
    }
  }

  /**
   * @param {import('./current-value').Read} read
   * @param {import('./quota')} quota
   * @param {number} reserved what was taken of it
   */
  constructor (read, quota, reserved = 0) {
    this.latest = read.latest
    this.data = read.data
    this.#quota = this.isCounted || reserved > 0 ? quota : null
    this.#quota?.exchange(reserved, this.isCounted ? this.latest.hold() : 0)
  }

  get isCounted () {
    return this.latest.length > UNCOUNTED_LENGTH
  }

  /**
   * The answer is going to be sent: this ends with it. Whoever does not take it is cut off in the end.
   * @param {import('node:http').ServerResponse} response
   */
  endWith (response) {
    if (!this.isCounted) return
    const timer = setTimeout(() => response.destroy(), PATIENCE * (1 + this.latest.length / PATIENCE_BYTES)).unref()
    whenSent(response, () => {
      clearTimeout(timer)
      this.end()
    })
  }

  /** Nothing of the value is going to be sent, or all has been. */
  end () {
    if (this.#isOver || !this.isCounted) return
    this.#isOver = true
    this.#quota.give(this.latest.release())
  }
}

module.exports = Loan
