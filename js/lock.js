'use strict'

const { fromFailure } = require('./errors')

/** How often a held lock whose `signal` somebody has is looked at, in milliseconds. */
const LOOK = 250

/** Only segment.js has it: locks are taken, not constructed. */
const TAKING = Symbol('taking')

/** All that are held here. Who takes a lock and forgets it means to keep it: it is not for the garbage collector to give it back. */
const allHeld = new Set()

/** The lock for applications, held; index.d.ts describes it. */
class Lock {
  #held
  #context
  #siblings
  #controller = null
  #timer = null

  /** `held` is the addon's HeldLock; `context` names the segment in messages; `siblings` are those of its segment. */
  constructor (token, held, context, siblings) {
    if (token !== TAKING) throw new TypeError('Illegal constructor: locks come from segment.lock()')
    this.#held = held
    this.#context = context
    this.#siblings = siblings
    allHeld.add(this)
    siblings.add(this)
  }

  get held () {
    return this.#held !== null && this.#held.isHeld()
  }

  get signal () {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.#held !== null) this.#timer = setInterval(() => this.#look(), LOOK).unref()
    }
    return this.#controller.signal
  }

  async release () {
    this.#end()
  }

  [Symbol.asyncDispose] () {
    return this.release()
  }

  /** For the segment that closes: who works under the lock is told. */
  static revoke (lock, failure) {
    lock.#end()
    lock.#controller?.abort(fromFailure(failure, lock.#context))
  }

  #look () {
    if (!this.#held.isHeld()) Lock.revoke(this, { code: 'DESTROYED', reason: 'removed or reset by somebody' })
  }

  /** On this thread: it never waits, and a thread of the pool might be long in coming. */
  #end () {
    this.#held?.release()
    this.#held = null
    clearInterval(this.#timer)
    allHeld.delete(this)
    this.#siblings.delete(this)
  }
}

module.exports = { Lock, TAKING }
