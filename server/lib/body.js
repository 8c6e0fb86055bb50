'use strict'

const giveBack = require('./give-back')

/** Bodies up to here take no more memory than a connection does anyway: nobody counts them. */
const UNCOUNTED_BYTES = 16 * 1024

/** What has come of a body so far; nothing any more once it is dropped. */
class Body {
  #quota
  #chunks = []
  /** Where a large body of known length is put together, so that it is not there twice in the end. */
  #whole = null
  #expected = null
  #dropped = false
  length = 0
  /** What was taken of the quota. */
  counted = 0

  /** @param {import('./quota')} quota the bytes that all bodies may have */
  constructor (quota) {
    this.#quota = quota
  }

  /**
   * Makes room for so many bytes, and no others.
   * @returns {boolean} false if there is none
   */
  expect (length) {
    if (this.#dropped) return true
    if (!this.#count(length)) return false
    this.#expected = length
    if (length > UNCOUNTED_BYTES) this.#whole = Buffer.allocUnsafeSlow(length)
    return true
  }

  /**
   * @param {Buffer} chunk
   * @param {boolean} isOurs nobody else has it
   * @returns {boolean} false if there is no room for it
   */
  add (chunk, isOurs) {
    const at = this.length
    this.length += chunk.length
    if (this.#dropped) return true
    if (!this.#count(this.length)) return false
    if (this.#whole === null) this.#chunks.push(chunk)
    else this.#copy(chunk, at, isOurs)
    return true
  }

  /** Whether all has come that was expected, and nothing was dropped. */
  get isWhole () {
    return !this.#dropped && (this.#expected === null || this.#expected === this.length)
  }

  drop () {
    this.#dropped = true
    this.#chunks = []
    this.#whole = null
    this.#quota.give(this.counted)
    this.counted = 0
  }

  /** Drops it, and leaves those who still have it an empty Buffer. */
  end () {
    if (this.#whole !== null) giveBack(this.#whole)
    this.drop()
  }

  toBuffer () {
    if (this.#whole !== null) return this.#whole
    return this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks, this.length)
  }

  #copy (chunk, at, isOurs) {
    chunk.copy(this.#whole, at)
    if (isOurs) giveBack(chunk)
  }

  #count (length) {
    const more = length - this.counted
    if (length <= UNCOUNTED_BYTES || more <= 0) return true
    if (!this.#quota.take(more)) return false
    this.counted = length
    return true
  }
}

module.exports = Body
module.exports.UNCOUNTED_BYTES = UNCOUNTED_BYTES
