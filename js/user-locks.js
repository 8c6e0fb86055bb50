'use strict'

// What segment.lock(), tryLock() and withLock() do, whatever the segment's layout.

const { ShmError, fromFailure, invalidType } = require('./errors')
const { Lock, TAKING } = require('./lock')
const { LockCall } = require('./lock-lane')
const options = require('./options')

/** Of one segment, on the loop thread. */
class UserLocks {
  #segment
  #context
  #travel
  #closed = false
  #held = new Set()

  /**
   * @param {{ lock: Function, readOnly: boolean }} segment
   * @param {object} context for messages
   * @param {(call: LockCall, signal?: AbortSignal) => void} travel by the segment's lane of locks
   */
  constructor (segment, context, travel) {
    this.#segment = segment
    this.#context = { ...context, lock: 'user lock' }
    this.#travel = travel
  }

  lock (given) {
    return new Promise((resolve, reject) => {
      const checked = options.object(given)
      const timeout = options.timeout(checked)
      const signal = options.signal(checked)
      if (this.#segment.readOnly) throw fromFailure({ code: 'READ_ONLY' }, this.#context)
      const take = held => {
        if (!this.#closed) return resolve(new Lock(TAKING, held, this.#context, this.#held))
        held.release()
        reject(fromFailure({ code: 'CLOSED' }, this.#context))
      }
      this.#travel(new LockCall(take, reject, timeout), signal)
    })
  }

  /** `isWanted`: others of this handle are in the queue for it. */
  async tryLock (isWanted) {
    if (isWanted) throw fromFailure({ code: 'BUSY' }, this.#context)
    try {
      return await this.#segment.lock({ timeout: 0 })
    } catch (error) {
      if (!(error instanceof ShmError && error.code === 'ERR_SHM_TIMEOUT')) throw error
      throw fromFailure({ code: 'BUSY', holder: error.holderPid }, this.#context)
    }
  }

  async withLock (fn, given) {
    if (typeof fn !== 'function') throw invalidType('fn', 'of type function', fn)
    const lock = await this.#segment.lock(given)
    try {
      return await fn(lock.signal)
    } finally {
      await lock.release()
    }
  }

  /** The segment closes: those that are held are lost, and no more are taken. */
  revoke () {
    this.#closed = true
    for (const lock of this.#held) Lock.revoke(lock, { code: 'CLOSED' })
  }
}

module.exports = { UserLocks }
