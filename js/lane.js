'use strict'

// A queue of calls on one segment that travel to the pool in batches: one at a time, in order. Calls made while a batch is
// under way travel together in the next one. That is where the speed comes from: an AsyncWorker per call costs ten times
// as much.

const { fromFailure, invalidValue } = require('./errors')

/** No wait in the pool is longer, in milliseconds. The addon holds it to that. */
const LONGEST_SLICE = 50
/** Until the next try of a batch that came back without the lock, in milliseconds. */
const PAUSE = 2
/** Calls that travel together at most. */
const LONGEST_BATCH = 1024

const now = () => performance.now()

/** One pending call. Lanes have their own kinds of it. */
class Call {
  /**
   * @param {(value: any) => void} resolve
   * @param {(error: Error) => void} reject
   * @param {number} timeout milliseconds
   * @param {Uint8Array} [memory] of the caller, to be read or written in the pool
   */
  constructor (resolve, reject, timeout, memory) {
    this.resolve = resolve
    this.reject = reject
    this.timeout = timeout
    this.memory = memory
    this.memoryLength = memory === undefined ? 0 : memory.length
    /** When it was made, by performance.now(); 0 until the end of that turn: to look takes as long as the rest of making it. */
    this.begun = 0
  }
}

/** How long a batch may wait in the pool for the most impatient of its calls, in milliseconds. */
function sliceFor (calls, at) {
  let slice = LONGEST_SLICE
  for (const call of calls) slice = Math.min(slice, call.begun + call.timeout - at)
  return Math.max(slice, 0)
}

/** Its turn came too late. Those that do not wait have one try all the same. */
const isLate = (call, at) => call.timeout > 0 && at >= call.begun + call.timeout
/** Its memory was given away meanwhile. */
const isGone = ({ memory, memoryLength }) => memory !== undefined && memory.length !== memoryLength
const isUseless = (call, at) => isLate(call, at) || isGone(call)

/** What is common to reads and writes. Runs on the loop thread only. */
class Lane {
  #waiting = []
  #underWay = []
  #scheduled = false
  #closed = false
  #drained = null

  /**
   * @param {object} handle the addon's SegmentHandle
   * @param {object} context the segment's facts that messages need: label, key, name, capacity
   */
  constructor (handle, context) {
    this.handle = handle
    this.context = context
  }

  /** Calls that have not settled. */
  get pending () {
    return this.#waiting.length + this.#underWay.length
  }

  /**
   * Adds a call. It leaves with those that are made before the current turn of JavaScript is over, so that neighbours
   * share a trip.
   * @param {Call} call
   */
  push (call) {
    if (this.#closed) return call.reject(this.failure('CLOSED'))
    this.#waiting.push(call)
    if (this.#underWay.length === 0) this.#schedule()
    else call.begun = now()
  }

  /** Rejects what waits, but for a batch that was about to leave. Resolves when what is under way has come back. */
  close () {
    this.#endTurn()
    this.#closed = true
    this.#rejectWaiting()
    if (this.#underWay.length === 0) return Promise.resolve()
    return new Promise(resolve => { this.#drained = resolve })
  }

  failure (code, facts) {
    return fromFailure({ code }, { ...this.context, ...facts })
  }

  /** How many of the calls travel in one batch; lanes may say less. */
  fit (calls) {
    return Math.min(calls.length, LONGEST_BATCH)
  }

  // Lanes define travel(calls, slice, done): it starts the batch, settles its calls when it is back, and ends with
  // done(again, failure): the calls that have to travel again, and why, where that was for want of the lock.

  #schedule () {
    if (this.#scheduled) return
    this.#scheduled = true
    process.nextTick(Lane.#leave, this)
  }

  static #leave (lane) {
    lane.#scheduled = false
    lane.#endTurn()
  }

  #endTurn () {
    const at = now()
    for (const call of this.#waiting) {
      if (call.begun === 0) call.begun = at
    }
    this.#depart()
  }

  #depart () {
    if (this.#underWay.length !== 0) return
    const departed = now()
    const calls = this.#take(departed)
    if (calls.length === 0) return
    this.#underWay = calls
    try {
      this.travel(calls, sliceFor(calls, departed), (again, failure) => this.#arrive(again, failure, departed))
    } catch (error) {
      for (const call of calls) call.reject(error)
      this.#arrive([], undefined, departed)
    }
  }

  /** The next batch, without those that there is no use in sending. */
  #take (at) {
    while (this.#waiting.length > 0) {
      const count = this.fit(this.#waiting)
      const calls = count === this.#waiting.length ? this.#waiting : this.#waiting.slice(0, count)
      this.#waiting = count === this.#waiting.length ? [] : this.#waiting.slice(count)
      const useful = calls.some(call => isUseless(call, at)) ? calls.filter(call => !this.#refused(call, at)) : calls
      if (useful.length > 0) return useful
    }
    return []
  }

  #refused (call, at) {
    if (isLate(call, at)) call.reject(fromFailure({ code: 'TIMEOUT', reason: 'queue' }, { ...this.context, waited: call.timeout }))
    else if (isGone(call)) call.reject(invalidValue('data', 'must not be transferred before the call settles', call.memory))
    else return false
    return true
  }

  #arrive (again, failure, departed) {
    this.#underWay = []
    if (again.length > 0) this.#waiting = again.concat(this.#waiting)
    // What goes again only because the value has grown is under way still, and finishes after a close too.
    const goesOn = !this.#closed || again.length > 0
    if (failure === undefined && goesOn) return this.#depart()
    if (this.#closed) {
      this.#rejectWaiting()
      this.#drained?.()
      return
    }
    this.#expire(failure, now())
    // Also after a wait of a full slice: others want to have the place in the pool now.
    this.#scheduled = true
    setTimeout(Lane.#leave, PAUSE, this)
  }

  /** Rejects whose time is over, in the batch that came back and behind it. */
  #expire (failure, at) {
    const calls = this.#waiting
    this.#waiting = calls.filter(call => at < call.begun + call.timeout)
    if (this.#waiting.length === calls.length) return
    for (const call of calls) {
      if (at < call.begun + call.timeout) continue
      call.reject(fromFailure({ ...failure, code: 'TIMEOUT' }, { ...this.context, waited: call.timeout }))
    }
  }

  #rejectWaiting () {
    const calls = this.#waiting
    this.#waiting = []
    for (const call of calls) call.reject(this.failure('CLOSED'))
  }
}

module.exports = { Call, Lane, LONGEST_SLICE, PAUSE, now }
