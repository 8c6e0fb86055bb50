'use strict'

// segment.watch(): the versions of a segment, as they come.

const { offAbort, onAbort } = require('./abort')
const { invalidType } = require('./errors')
const options = require('./options')

/** Microseconds: no more than a timer is late anyway. */
const LONGEST_SPIN = 1000

/** Ends the followers of iterators that nobody can reach any more. Those that somebody awaits are reached by that. */
const abandoned = new FinalizationRegistry(follower => follower.stop())

/** An iterator's part that the feed and the signal know; a waiter of the feed while somebody awaits the next version. */
class Follower {
  left = Infinity
  #feed
  #signal
  #calls = []
  #over = false
  #failure = null
  /** The iterator, while it is awaited: it must not be taken for abandoned then. */
  #iterator = null

  constructor (feed, after, { signal, spin = 0 }) {
    this.after = after
    this.spin = spin
    this.#feed = feed
    this.#signal = signal
    feed.use()
    if (signal?.aborted) this.abort(signal.reason)
    else if (signal) onAbort(signal, this)
  }

  next (iterator) {
    return new Promise((resolve, reject) => {
      if (this.#over) return this.#settleOver(resolve, reject)
      this.#iterator = iterator
      this.#calls.push({ resolve, reject })
      if (this.#calls.length === 1) this.#feed.await(this)
    })
  }

  take (snapshot) {
    if (this.#over) return
    if (snapshot.version > this.after) {
      this.after = snapshot.version
      this.#calls.shift().resolve({ value: snapshot, done: false })
    }
    if (this.#calls.length > 0) this.#feed.await(this)
    else this.#iterator = null
  }

  /** Closed is how a watch ends well. */
  fail (error) {
    if (this.#over) return
    if (error.code !== 'ERR_SHM_CLOSED') this.#failure = { error }
    this.stop()
  }

  abort (reason) {
    this.#failure = { error: reason }
    this.stop()
  }

  stop () {
    if (this.#over) return
    this.#over = true
    this.#iterator = null
    if (this.#signal) offAbort(this.#signal, this)
    this.#feed.leave(this)
    this.#feed.unuse()
    for (const { resolve, reject } of this.#calls.splice(0)) this.#settleOver(resolve, reject)
  }

  /** What ended it is told once. */
  #settleOver (resolve, reject) {
    const failure = this.#failure
    this.#failure = null
    if (failure !== null) reject(failure.error)
    else resolve({ value: undefined, done: true })
  }
}

/** What people iterate over. */
class Watch {
  #follower

  constructor (follower) {
    this.#follower = follower
    abandoned.register(this, follower)
  }

  next () {
    return this.#follower.next(this)
  }

  async return (value) {
    this.#follower.stop()
    return { value, done: true }
  }

  [Symbol.asyncIterator] () {
    return this
  }

  async [Symbol.asyncDispose] () {
    this.#follower.stop()
  }
}

/** @param {import('..').WatchOptions} [given] */
function checkWatchOptions (given) {
  const { from, signal, spin } = options.object(given)
  if (from !== undefined) options.integer('options.from', from, 0, Number.MAX_SAFE_INTEGER)
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidType('options.signal', 'an instance of AbortSignal', signal)
  if (spin !== undefined) options.integer('options.spin', spin, 0, LONGEST_SPIN)
  return { from, signal, spin }
}

/** @param {import('./feed').Feed} feed */
function watch (feed, given) {
  const { from, signal, spin } = checkWatchOptions(given)
  return new Watch(new Follower(feed, from ?? feed.version, { signal, spin }))
}

module.exports = { watch, checkWatchOptions }
