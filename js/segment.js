'use strict'

const { isUint8Array } = require('node:util/types')
const { bytesToWrite, bytesToWriteNow, viewOf } = require('./bytes')
const { ShmError, fromFailure, invalidType, invalidValue } = require('./errors')
const { toInfo, toSnapshot } = require('./facts')
const { now } = require('./lane')
const options = require('./options')
const { ReadCall, ReadLane } = require('./read-lane')
const { READ } = require('./table')
const { untilHad } = require('./waiting')
const { WriteCall, WriteLane } = require('./write-lane')

/** A value that has grown between the look at its length and the read is read again so often. */
const SYNC_TRIES = 16

/** Only open.js has it: segments are opened, not constructed. */
const OPENING = Symbol('opening')

const justData = data => data
const justFacts = (_, { length, version }) => ({ length, version })
const isOf = (error, code) => error instanceof ShmError && error.code === `ERR_SHM_${code}`

/**
 * A handle on an open segment; index.d.ts describes it. Two lanes take its waiting calls to the pool, one for reads and one
 * for writes, so that reads never queue behind a write that waits.
 */
class Segment {
  #handle
  #facts
  #context
  #reads
  #writes
  #maxPending
  #closed = null

  /** `facts` is the row of a table that the addon's handle was made with; `context` names the segment in messages. */
  constructor (token, opened) {
    if (token !== OPENING) throw new TypeError('Illegal constructor: segments come from open()')
    const { handle, facts, context, maxPending } = opened
    const { id, key, name, capacity, incarnation, readOnly } = handle.describe()
    this.key = key || null
    this.name = name || null
    this.id = id
    this.capacity = capacity
    this.layout = 'cell'
    this.incarnation = incarnation
    this.readOnly = readOnly
    this.#handle = handle
    this.#facts = facts
    this.#context = { ...context, key: this.key, name: this.name, capacity, maxPending }
    this.#maxPending = maxPending
    this.#reads = new ReadLane(handle, this.#context)
    this.#writes = new WriteLane(handle, this.#context)
  }

  get version () {
    return this.#open().version()
  }

  read (given) {
    return this.#read(given, undefined, justData)
  }

  snapshot (given) {
    return this.#read(given, undefined, toSnapshot)
  }

  readInto (target, given) {
    return this.#read(given, target, justFacts)
  }

  write (data, given) {
    return new Promise((resolve, reject) => {
      const { timeout, mediaType, ifVersion } = this.#writeOptions(given)
      const bytes = bytesToWrite(data)
      this.#checkWrite(bytes)
      this.#travel(this.#writes, new WriteCall(resolve, reject, timeout, bytes, mediaType, ifVersion))
    })
  }

  async update (fn, given) {
    if (typeof fn !== 'function') throw invalidType('fn', 'of type function', fn)
    const { timeout, mediaType } = this.#writeOptions(given)
    const deadline = now() + timeout
    try {
      return await this.#update(fn, mediaType, () => Math.max(0, deadline - now()))
    } catch (error) {
      // The parts had what was left of the time, and say so.
      if (!isOf(error, 'TIMEOUT')) throw error
      throw fromFailure({ code: 'TIMEOUT', holder: error.holderPid, reason: error.holderPid ? undefined : 'conflict' }, { ...this.#context, waited: timeout })
    }
  }

  readSync (given) {
    return this.#readNow(options.range(options.object(given)))
  }

  snapshotSync () {
    const data = this.#readNow(undefined)
    const facts = this.#facts
    const mediaType = this.#handle.mediaType()
    return toSnapshot(data, { version: facts[READ.VERSION], committedAt: facts[READ.COMMITTED_AT], writerPid: facts[READ.WRITER_PID], mediaType })
  }

  readIntoSync (target, given) {
    const range = given === undefined ? undefined : options.range(options.object(given))
    const asItIs = range === undefined && isUint8Array(target) && target.length > 0
    const view = asItIs ? target : within(viewOf(target, 'target'), range)
    const failure = this.#open().readSync(view, range === undefined ? 0 : range.offset, range === undefined)
    if (failure !== undefined) throw this.#tooSmall(failure, view)
    return { length: this.#facts[READ.COPIED], version: this.#facts[READ.VERSION] }
  }

  writeSync (data, given) {
    const { mediaType, ifVersion } = this.#writeOptions(given)
    const bytes = bytesToWriteNow(data)
    this.#checkWrite(bytes)
    const version = this.#open().writeSync(bytes, mediaType, ifVersion)
    if (typeof version === 'number') return version
    throw fromFailure(version, { ...this.#context, ifVersion, length: bytes.length })
  }

  stat () {
    return new Promise((resolve, reject) => {
      this.#open().stat((failure, info) => failure ? reject(fromFailure(failure, this.#context)) : resolve(toInfo(info)))
    })
  }

  close () {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async destroy (given) {
    const timeout = options.timeout(options.object(given))
    await untilHad((slice, callback) => this.#open().destroy(slice, callback), timeout, this.#context)
    await this.close()
  }

  [Symbol.asyncDispose] () {
    return this.close()
  }

  async #close () {
    await Promise.all([this.#reads.close(), this.#writes.close()])
    await new Promise(resolve => this.#handle.close(resolve))
  }

  async #update (fn, mediaType, left) {
    for (;;) {
      const snapshot = await this.snapshot({ timeout: left() })
      const data = await fn(snapshot)
      if (data === undefined) return snapshot.version
      const options = { mediaType: mediaType ?? snapshot.mediaType ?? undefined, ifVersion: snapshot.version, timeout: left() }
      try {
        return await this.write(data, options)
      } catch (error) {
        if (!isOf(error, 'VERSION_CONFLICT')) throw error
        if (left() === 0) throw fromFailure({ code: 'TIMEOUT' }, { ...this.#context, waited: 0 })
      }
    }
  }

  #open () {
    if (this.#closed !== null) throw fromFailure({ code: 'CLOSED' }, this.#context)
    return this.#handle
  }

  #writeOptions (given) {
    const checked = options.object(given)
    return {
      timeout: options.timeout(checked),
      mediaType: options.mediaType(checked.mediaType),
      ifVersion: options.ifVersion(checked.ifVersion)
    }
  }

  /** What no lock is needed to know. */
  #checkWrite ({ length }) {
    if (this.readOnly) throw fromFailure({ code: 'READ_ONLY' }, this.#context)
    if (length > this.capacity) throw fromFailure({ code: 'TOO_LARGE', number: this.capacity }, { ...this.#context, length })
  }

  #read (given, target, finish) {
    return new Promise((resolve, reject) => {
      const view = finish === justFacts ? lasting(viewOf(target, 'target')) : undefined
      // The most frequent call, 64 of them at once, is worth a way around the look-ups in an object that is not there.
      const call = given === undefined
        ? new ReadCall(resolve, reject, options.DEFAULT_TIMEOUT, undefined, view, finish)
        : new ReadCall(resolve, reject, options.timeout(options.object(given)), options.range(given), view, finish)
      this.#travel(this.#reads, call)
    })
  }

  #travel (lane, call) {
    this.#open()
    if (this.#reads.pending + this.#writes.pending >= this.#maxPending) throw fromFailure({ code: 'QUEUE_FULL' }, this.#context)
    lane.push(call)
  }

  #readNow (range) {
    const handle = this.#open()
    const { offset = 0, length = Infinity } = range ?? {}
    let room = handle.lengthHint()
    for (let tries = 0; tries < SYNC_TRIES; tries++) {
      const data = Buffer.allocUnsafe(Math.min(length, Math.max(0, room - offset)))
      const failure = handle.readSync(data, offset, false)
      if (failure !== undefined) throw fromFailure(failure, this.#context)
      const { [READ.LENGTH]: total, [READ.COPIED]: copied } = this.#facts
      if (copied === Math.min(length, Math.max(0, total - offset))) return copied === data.length ? data : data.subarray(0, copied)
      room = total
    }
    throw fromFailure({ code: 'BUSY' }, this.#context)
  }

  /** The core tells the length of the value; here it is the caller's memory that is too small. */
  #tooSmall (failure, view) {
    if (failure.code !== 'TOO_LARGE') return fromFailure(failure, this.#context)
    return fromFailure({ ...failure, reason: 'target', number: view.length }, { ...this.#context, length: failure.number })
  }
}

/** Memory that another thread will write to must not go away meanwhile. */
function lasting (view) {
  if (view.buffer.resizable) throw invalidValue('target', 'must not be resizable', view)
  return view
}

function within (view, range) {
  return range === undefined || range.length >= view.length ? view : view.subarray(0, range.length)
}

module.exports = { Segment, OPENING }
