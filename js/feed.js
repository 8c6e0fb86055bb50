'use strict'

// What waits on one segment for newer versions. A watcher thread of the addon answers for all of them together: with the
// value, or with the mere news of a large one, which then comes by the read lane.

const { fromFailure } = require('./errors')
const { toSnapshot } = require('./facts')

/**
 * @typedef {object} Waiter who wants to have a version above `after`, each time that it awaits one
 * @property {number} after
 * @property {number} left milliseconds that a read may take
 * @property {number} [spin] microseconds to look for a version on this thread before another looks
 * @property {(snapshot: import('..').Snapshot) => void} take
 * @property {(error: Error) => void} fail
 */

/** Of one segment, on the loop thread. It lives as long as somebody uses it. */
class Feed {
  #handle
  #context
  #read
  #watch = null
  #users = 0
  #waiting = new Set()
  #ended = null
  #released = Promise.resolve()

  /**
   * @param {object} handle the addon's SegmentHandle
   * @param {object} context for messages
   * @param {(timeout: number, atOnce: boolean) => Promise<import('..').Snapshot>} read by the read lane, or at once if small
   */
  constructor (handle, context, read) {
    this.#handle = handle
    this.#context = context
    this.#read = read
  }

  /** Waiters whose version has not come. */
  get pending () {
    return this.#waiting.size
  }

  /** Now. Of a feed that has ended: the most that a number can be, so that whoever asks for more finds out. */
  get version () {
    return this.#ended === null ? this.#handle.version() : Number.MAX_SAFE_INTEGER
  }

  use () {
    this.#users++
  }

  /** The last one out stops the thread's work. */
  unuse () {
    this.#users--
    if (this.#users === 0) this.#stop()
  }

  /** @param {Waiter} waiter of one who uses this */
  await (waiter) {
    if (this.#ended !== null) return waiter.fail(this.#ended)
    if (this.#handle.version() > waiter.after) return this.#fetch(waiter)
    try {
      this.#watch ??= this.#start()
    } catch (error) {
      return waiter.fail(error)
    }
    this.#waiting.add(waiter)
    // After what the caller still does in this turn, and after the sockets and timers that are due.
    if (waiter.spin > 0) setImmediate(() => this.#spin(waiter))
    else this.#watch.ask(waiter.after)
  }

  /** The waiter does not want to have it any more. */
  leave (waiter) {
    if (this.#waiting.delete(waiter) && this.#waiting.size === 0) this.#watch.withdraw()
  }

  /** Fails who waits, and who will. Resolves when no thread touches the segment for this any more. */
  end (error) {
    this.#ended ??= error
    this.#fail(this.#ended)
    this.#stop()
    return this.#released
  }

  #start () {
    const watch = this.#handle.watch((failure, ...found) => this.#answer(failure, ...found))
    if (watch.code !== undefined) throw fromFailure(watch, this.#context)
    return watch
  }

  #stop () {
    if (this.#watch === null) return
    const watch = this.#watch
    this.#watch = null
    this.#released = new Promise(resolve => watch.stop(resolve))
  }

  #answer (failure, data, version, committedAt, writerPid, mediaType) {
    if (failure !== undefined) return this.#fail(fromFailure(failure, this.#context))
    const facts = { version, committedAt, writerPid, mediaType }
    let bytes = data
    for (const waiter of this.#waiting) {
      if (waiter.after >= version) continue
      this.#waiting.delete(waiter)
      if (data === undefined) {
        this.#fetch(waiter)
      } else {
        waiter.take(toSnapshot(bytes ?? Buffer.from(data), facts))
        bytes = undefined
      }
    }
    this.#askAgain()
  }

  /** For those whom the answer was not enough for. */
  #askAgain () {
    if (this.#waiting.size === 0) return
    let lowest = Infinity
    for (const { after } of this.#waiting) lowest = Math.min(lowest, after)
    this.#watch.ask(lowest)
  }

  #spin (waiter) {
    if (!this.#waiting.has(waiter)) return
    if (!this.#handle.spinUntilNewer(waiter.after, waiter.spin)) return this.#watch.ask(waiter.after)
    this.#waiting.delete(waiter)
    this.#fetch(waiter)
  }

  #fetch (waiter) {
    this.#read(waiter.left, waiter.spin > 0).then(snapshot => waiter.take(snapshot), error => waiter.fail(error))
  }

  #fail (error) {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const waiter of waiting) waiter.fail(error)
  }
}

module.exports = { Feed }
