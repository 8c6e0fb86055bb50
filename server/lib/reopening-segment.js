'use strict'

const CurrentValue = require('./current-value')
const { addTotals, noTotals, toTotals } = require('./lane-totals')

const NO_BYTES = new Uint8Array(0)
const NOTHING = Object.freeze({ offset: 0, length: 0 })
/** For so many milliseconds after a call that asked the kernel, a look at the header is enough to know that the segment is still the one under its key. */
const TRUSTED = 100
const GONE = new Set(['ERR_SHM_DESTROYED', 'ERR_SHM_CLOSED'])

/** A segment that is opened at its first use, and again after somebody has destroyed it; made again too, if its options say so. */
class ReopeningSegment {
  #shm
  #reference
  #options
  #segment = null
  #capacity = 0
  #confirmedAt = -Infinity
  #opening = null
  #closed = false
  /** Of handles that are closed. */
  #past = noTotals()

  /**
   * @param {import('shmnode')} shm
   * @param {import('shmnode').SegmentReference} reference
   * @param {import('shmnode').OpenOptions} options `timeout` is that of its reads too
   */
  constructor (shm, reference, options) {
    this.#shm = shm
    this.#reference = reference
    this.#options = options
    /** What it holds, for those who read and watch it. */
    this.current = new CurrentValue(this, { timeout: options.timeout })
  }

  /** The handle; null while there is none. */
  get handle () {
    return this.#segment
  }

  /** True while calls that do not ask the kernel will do. */
  get isTrusted () {
    return this.#segment !== null && performance.now() - this.#confirmedAt <= TRUSTED
  }

  /** Bytes that one value may have, as far as is known. */
  get capacity () {
    return this.#capacity
  }

  /** @returns {import('./lane-totals').Totals} of all handles that it has had */
  get totals () {
    return this.#segment === null ? this.#past : addTotals(this.#past, toTotals(this.#segment.stats()))
  }

  /** Calls that have not settled. */
  get pending () {
    return this.#segment?.stats().pending ?? 0
  }

  /** Opens it if it is not open, or is not the one that is there any more. */
  async open () {
    await this.#withSuccessor(async handle => checkLiving(handle))
  }

  /** Opens it if it is not open, and makes it with this capacity where there is none. */
  async make (capacity) {
    await this.#successorOf(null, { ...this.#options, create: true, capacity })
  }

  /**
   * Calls `fn` with the open segment; if that turns out to be gone, once more with its successor.
   * @template T
   * @param {(segment: import('shmnode').Segment) => Promise<T>} fn of calls that go through the pool, where they find out
   * @returns {Promise<T>}
   */
  use (fn) {
    return this.#withSuccessor(async segment => {
      const begun = performance.now()
      const result = await fn(segment)
      if (segment === this.#segment) this.#confirmedAt = begun
      return result
    })
  }

  async close () {
    this.#closed = true
    this.current.end()
    await this.#opening?.catch(() => {})
    await this.#segment?.close()
  }

  async #withSuccessor (fn) {
    const segment = this.#segment ?? await this.#successorOf(null, this.#options)
    try {
      return await fn(segment)
    } catch (error) {
      if (this.#closed || !GONE.has(error.code)) throw error
    }
    return fn(await this.#successorOf(segment, this.#options))
  }

  // However many calls find out that it is gone, it is opened once.
  #successorOf (lost, options) {
    if (this.#opening === null) {
      if (this.#segment !== null && this.#segment !== lost) return Promise.resolve(this.#segment)
      this.#opening = this.#replace(lost, options).finally(() => { this.#opening = null })
    }
    return this.#opening
  }

  async #replace (lost, options) {
    this.#past = this.totals
    this.#segment = null
    this.#confirmedAt = -Infinity
    const [segment] = await Promise.all([this.#shm.open(this.#reference, options), lost?.close()])
    this.#segment = segment
    this.#capacity = segment.capacity
    return segment
  }
}

// A busy one is there.
function checkLiving (handle) {
  try {
    handle.readIntoSync(NO_BYTES, NOTHING)
  } catch (error) {
    if (GONE.has(error.code)) throw error
  }
}

module.exports = ReopeningSegment
