'use strict'

// segment.snapshot({ newerThan }): waits for one version.

const { offAbort, onAbort } = require('./abort')
const { fromFailure } = require('./errors')
const { now } = require('./time')

/** Beyond it a timer fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1

/** A waiter of the feed. */
class NewerCall {
  #feed
  #settle
  #context
  #timeout
  #deadline
  #signal
  #timer
  #over = false

  /**
   * @param {import('./feed').Feed} feed
   * @param {{ resolve: (snapshot: object) => void, reject: (error: any) => void }} settle
   * @param {{ newerThan: number, timeout: number, signal?: AbortSignal }} asked
   * @param {object} context for messages
   */
  constructor (feed, settle, { newerThan, timeout, signal }, context) {
    this.after = newerThan
    this.#feed = feed
    this.#settle = settle
    this.#context = context
    this.#timeout = timeout
    this.#deadline = now() + timeout
    this.#signal = signal
  }

  get left () {
    return Math.max(0, this.#deadline - now())
  }

  begin () {
    this.#feed.use()
    if (this.#signal?.aborted) return this.abort(this.#signal.reason)
    if (this.#signal) onAbort(this.#signal, this)
    this.#setTimer()
    this.#feed.await(this)
  }

  take (snapshot) {
    if (this.#over) return
    if (snapshot.version <= this.after) return this.#feed.await(this)
    this.#end()
    this.#settle.resolve(snapshot)
  }

  fail (error) {
    if (this.#over) return
    this.#end()
    this.#settle.reject(error)
  }

  abort (reason) {
    this.fail(reason)
  }

  #setTimer () {
    if (this.#timeout === Infinity) return
    this.#timer = setTimeout(() => this.#expire(), Math.min(Math.ceil(this.left), LONGEST_TIMER))
  }

  #expire () {
    if (this.left > 0) return this.#setTimer()
    this.fail(fromFailure({ code: 'TIMEOUT', reason: 'no newer version', number: this.after }, { ...this.#context, waited: this.#timeout }))
  }

  #end () {
    this.#over = true
    clearTimeout(this.#timer)
    if (this.#signal) offAbort(this.#signal, this)
    this.#feed.leave(this)
    this.#feed.unuse()
  }
}

module.exports = { NewerCall }
