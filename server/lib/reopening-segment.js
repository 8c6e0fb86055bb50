'use strict'

const GONE = new Set(['ERR_SHM_DESTROYED', 'ERR_SHM_CLOSED'])

/** A segment that is opened again, and made again if need be, after somebody has destroyed it. */
class ReopeningSegment {
  #shm
  #reference
  #options
  #segment = null
  #opening = null
  #closed = false

  /**
   * @param {import('shmnode')} shm
   * @param {import('shmnode').SegmentReference} reference
   * @param {import('shmnode').OpenOptions} options
   */
  constructor (shm, reference, options) {
    this.#shm = shm
    this.#reference = reference
    this.#options = options
  }

  /** Bytes that one value may have. */
  get capacity () {
    return this.#segment.capacity
  }

  async open () {
    this.#segment = await this.#shm.open(this.#reference, this.#options)
  }

  /**
   * Calls `fn` with the open segment; if that turns out to be gone, once more with its successor.
   * @template T
   * @param {(segment: import('shmnode').Segment) => Promise<T>} fn
   * @returns {Promise<T>}
   */
  async use (fn) {
    const segment = this.#segment
    try {
      return await fn(segment)
    } catch (error) {
      if (this.#closed || !GONE.has(error.code)) throw error
    }
    return fn(await this.#successorOf(segment))
  }

  async close () {
    this.#closed = true
    await this.#opening?.catch(() => {})
    await this.#segment?.close()
  }

  // However many calls find out that it is gone, it is opened once.
  async #successorOf (lost) {
    if (this.#segment !== lost) return this.#segment
    this.#opening ??= this.#replace(lost).finally(() => { this.#opening = null })
    return this.#opening
  }

  async #replace (lost) {
    await this.open()
    await lost.close()
    return this.#segment
  }
}

module.exports = ReopeningSegment
