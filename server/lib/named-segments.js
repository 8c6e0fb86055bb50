'use strict'

const { addTotals, noTotals } = require('./lane-totals')
const ReopeningSegment = require('./reopening-segment')

/** What nobody has used for so many milliseconds is closed: an attach keeps the memory of a destroyed segment from being given back. */
const IDLE = 5000

class Entry {
  users = 0
  idleSince = 0

  constructor (segment) {
    this.segment = segment
  }
}

/** Open handles on segments by their names. They are opened where they exist, never made but by `make`. */
class NamedSegments {
  #shm
  #options
  #entries = new Map()
  #ended = false
  /** Of segments that are closed. */
  #past = noTotals()
  #sweeper

  /**
   * @param {import('shmnode')} shm
   * @param {import('shmnode').OpenOptions} options
   */
  constructor (shm, options) {
    this.#shm = shm
    this.#options = { ...options, create: false, capacity: undefined }
    this.#sweeper = setInterval(() => this.#closeIdle(), IDLE).unref()
  }

  /** @returns {import('./lane-totals').Totals} of all segments that there have been */
  get totals () {
    return [...this.#entries.values()].reduce((sum, { segment }) => addTotals(sum, segment.totals), this.#past)
  }

  /** Calls that have not settled. */
  get pending () {
    return [...this.#entries.values()].reduce((sum, { segment }) => sum + segment.pending, 0)
  }

  /**
   * Calls `fn` with the segment of this name, which stays open meanwhile. Whether there is one shows at its first use.
   * @template T
   * @param {string} name
   * @param {(segment: ReopeningSegment) => T | Promise<T>} fn
   * @returns {Promise<T>}
   */
  async use (name, fn) {
    const { segment, release } = this.hold(name)
    try {
      return await fn(segment)
    } finally {
      release()
    }
  }

  /**
   * Keeps the segment of this name open until it is released.
   * @param {string} name
   * @returns {{ segment: ReopeningSegment, release: () => void }}
   */
  hold (name) {
    const entry = this.#entryOf(name)
    entry.users++
    return { segment: entry.segment, release: () => this.#release(name, entry) }
  }

  /** Sends everybody away who waits for a change, or will. */
  end () {
    this.#ended = true
    for (const { segment } of this.#entries.values()) segment.current.end()
  }

  async close () {
    clearInterval(this.#sweeper)
    await Promise.all([...this.#entries.values()].map(({ segment }) => segment.close()))
  }

  #entryOf (name) {
    let entry = this.#entries.get(name)
    if (entry !== undefined) return entry
    entry = new Entry(new ReopeningSegment(this.#shm, name, this.#options))
    if (this.#ended) entry.segment.current.end()
    this.#entries.set(name, entry)
    return entry
  }

  #release (name, entry) {
    entry.users--
    entry.idleSince = performance.now()
    if (entry.users === 0 && entry.segment.handle === null) this.#forget(name, entry)
  }

  #closeIdle () {
    const since = performance.now() - IDLE
    for (const [name, entry] of this.#entries) {
      if (entry.users === 0 && entry.idleSince <= since) this.#forget(name, entry)
    }
  }

  #forget (name, entry) {
    this.#entries.delete(name)
    this.#past = addTotals(this.#past, entry.segment.totals)
    entry.segment.close()
  }
}

module.exports = NamedSegments
