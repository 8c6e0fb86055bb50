'use strict'

// A queue of calls on one segment that travel to the pool in batches: one at a time, in order. Calls made while a batch is
// under way travel together in the next one. That is where the speed comes from: an AsyncWorker per call costs ten times
// as much.

const { offAbort, onAbort } = require('./abort')
const { fromFailure, invalidValue } = require('./errors')
const { LaneCounts } = require('./stats')
const { LONGEST_SLICE, now } = require('./time')
const { LOCK, waitingRoom } = require('./waiting-room')

/** Calls that travel together at most. */
const LONGEST_BATCH = 1024
/** Aborted calls that a queue may have before anybody looks for them. */
const FEW_DEAD = 64

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
    /** When it was made, by now(); 0 until the end of that turn: to look takes as long as the rest of making it. */
    this.begun = 0
    /** Rejected by its signal already: of no use any more. */
    this.isDead = false
    /** Its signal has aborted while another thread works for it: { reason }. How it ends is known when that is back. */
    this.aborted = undefined
  }
}

/** How long a batch may wait in the pool for the most impatient of its calls, in milliseconds. */
function sliceFor (calls, at, longest) {
  let slice = longest
  for (const call of calls) slice = Math.min(slice, call.begun + call.timeout - at)
  return Math.max(slice, 0)
}

/** Its turn came too late. Those that do not wait have one try all the same. */
const isLate = (call, at) => call.timeout > 0 && at >= call.begun + call.timeout
/** Its memory was given away meanwhile. */
const isGone = ({ memory, memoryLength }) => memory !== undefined && memory.length !== memoryLength
const isUseless = (call, at) => call.isDead || isLate(call, at) || isGone(call)

/** What is common to reads, writes and locks. Runs on the loop thread only. */
class Lane {
  #waiting = []
  #underWay = []
  /** How many of both are dead. */
  #dead = 0
  #scheduled = false
  #closed = false
  #drained = null
  /** Since when the lock is held by others, and what the last try said of that. */
  #blockedSince = 0
  #refusal = null
  counts = new LaneCounts()

  /**
   * @param {object} handle the addon's SegmentHandle
   * @param {object} context the segment's facts that messages need: label, key, name, capacity; and the number of its lock
   * @param {number} lockKind what its calls may have to wait for: one of LOCK
   */
  constructor (handle, context, lockKind) {
    this.handle = handle
    this.context = context
    this.lockKind = context.isPosix ? LOCK.POSIX : lockKind
    this.semaphoreId = context.semaphoreId
  }

  /** Calls that have not settled. */
  get pending () {
    return this.#waiting.length + this.#underWay.length - this.#dead
  }

  /**
   * Adds a call. It leaves with those that are made before the current turn of JavaScript is over, so that neighbours
   * share a trip.
   * @param {Call} call
   * @param {AbortSignal} [signal] one that has not aborted yet
   */
  push (call, signal) {
    if (this.#closed) return call.reject(this.failure('CLOSED'))
    if (signal !== undefined) this.#listen(call, signal)
    this.#waiting.push(call)
    if (this.#underWay.length === 0 && this.#blockedSince === 0) this.#schedule()
    else call.begun = now()
  }

  /** Rejects what waits, but for the batch that is to leave next. Resolves when that and what is under way have come back. */
  close () {
    const isBlocked = this.#blockedSince !== 0
    if (!isBlocked) this.#endTurn()
    this.#closed = true
    this.#rejectWaiting(isBlocked ? 0 : this.fit(this.#waiting))
    this.#unblock()
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

  /** Its signal has aborted while it is under way: true where it is left to settle when it is back. Lanes may say more. */
  interrupt (call) {
    return call.memory !== undefined
  }

  /** From the waiting room: a batch that may wait in the pool for so many milliseconds. */
  depart (slice) {
    const departed = now()
    const calls = this.#take(departed)
    if (calls.length === 0) return this.#rest()
    this.#underWay = calls
    try {
      this.travel(calls, sliceFor(calls, departed, slice), (again, failure) => this.#arrive(again, failure))
    } catch (error) {
      for (const call of calls) call.reject(error)
      this.#arrive([])
    }
  }

  /** From the waiting room: rejects whose time is over. */
  expire (at) {
    const calls = this.#waiting
    this.#waiting = calls.filter(call => at < call.begun + call.timeout)
    if (this.#waiting.length === calls.length) return
    for (const call of calls) {
      if (at < call.begun + call.timeout) continue
      if (call.isDead) this.#dead--
      else this.#rejectLate(call)
    }
    if (this.#waiting.length === 0) this.#unblock()
  }

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
    if (this.#underWay.length === 0) this.#goOn()
  }

  /** Where others wait already, it is the room that says who may wait in the pool. */
  #goOn () {
    if (this.#waiting.length > 0) this.depart(waitingRoom.isEmpty ? LONGEST_SLICE : 0)
    else this.#rest()
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
    if (call.isDead) this.#dead--
    else if (isLate(call, at)) this.#rejectLate(call)
    else if (isGone(call)) call.reject(invalidValue('data', 'must not be transferred before the call settles', call.memory))
    else return false
    return true
  }

  #rejectLate (call) {
    const why = this.#blockedSince === 0 ? { reason: 'queue' } : this.#refusal
    call.reject(fromFailure({ ...why, code: 'TIMEOUT' }, { ...this.context, waited: call.timeout }))
  }

  #arrive (again, refusal) {
    const calls = this.#underWay
    this.#underWay = []
    this.counts.addBatch(calls.length, again.length)
    if (this.#dead > 0) this.#dead -= calls.filter(call => call.isDead).length
    if (again.length > 0) this.#waiting = again.filter(isWanted).concat(this.#waiting)
    if (refusal === undefined) {
      this.#unblock()
      this.#goOn()
    } else if (this.#closed) {
      this.#rejectWaiting()
      this.#rest()
    } else {
      this.#block(refusal)
    }
  }

  /** There is nothing to send. */
  #rest () {
    this.#unblock()
    this.#drained?.()
  }

  #block (refusal) {
    this.#refusal = refusal
    if (this.#blockedSince === 0) this.#blockedSince = now()
    waitingRoom.enter(this)
    this.expire(now())
  }

  #unblock () {
    if (this.#blockedSince === 0) return
    this.counts.addWait(now() - this.#blockedSince)
    this.#blockedSince = 0
    waitingRoom.leave(this)
  }

  /** But for the first so many. */
  #rejectWaiting (spared = 0) {
    for (const call of this.#waiting.splice(spared)) {
      if (call.isDead) this.#dead--
      else call.reject(this.failure('CLOSED'))
    }
  }

  #listen (call, signal) {
    const { resolve, reject } = call
    const listener = { abort: reason => this.#abort(call, reason) }
    onAbort(signal, listener)
    call.resolve = value => {
      offAbort(signal, listener)
      resolve(value)
    }
    call.reject = error => {
      offAbort(signal, listener)
      reject(error)
    }
  }

  /** At once, unless another thread is at the caller's memory, or just about to commit. */
  #abort (call, reason) {
    if (this.#underWay.includes(call) && this.interrupt(call)) {
      call.aborted = { reason }
    } else {
      call.isDead = true
      this.#dead++
      call.reject(reason)
      this.#bury()
    }
  }

  /** The dead leave the queue once they are half of it: their turn may never come. */
  #bury () {
    if (this.#dead < FEW_DEAD || this.#dead * 2 < this.#waiting.length) return
    const calls = this.#waiting
    this.#waiting = calls.filter(call => !call.isDead)
    this.#dead -= calls.length - this.#waiting.length
  }
}

/** Of the calls that would have to travel again; those that are not are told so. */
function isWanted (call) {
  if (call.aborted !== undefined) call.reject(call.aborted.reason)
  return call.aborted === undefined && !call.isDead
}

module.exports = { Call, Lane }
