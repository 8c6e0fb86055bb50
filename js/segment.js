'use strict'

const { isUint8Array } = require('node:util/types')
const { bytesToTake, bytesToWrite, bytesToWriteNow, lasting, taken, viewOf, within } = require('./bytes')
const { ShmError, fromFailure, invalidType, invalidValue } = require('./errors')
const { toInfo, toSnapshot } = require('./facts')
const { Feed } = require('./feed')
const { LockLane } = require('./lock-lane')
const { NewerCall } = require('./newer-call')
const options = require('./options')
const { ReadCall, ReadLane } = require('./read-lane')
const { readNow } = require('./read-now')
const { allocate, shorten } = require('./result-memory')
const { READ } = require('./table')
const { now } = require('./time')
const { isTraced, traced } = require('./tracing')
const { UserLocks } = require('./user-locks')
const { untilHad } = require('./waiting')
const { checkWatchOptions, watch } = require('./watch')
const { WriteCall, WriteLane } = require('./write-lane')

/** Only open.js has it: segments are opened, not constructed. */
const OPENING = Symbol('opening')

/** Bytes that are copied on the thread that has spun for them: a few microseconds. */
const SPUN_LIMIT = 64 * 1024

const justData = data => data
const justFacts = (_, { length, version }) => ({ length, version })
const isOf = (error, code) => error instanceof ShmError && error.code === `ERR_SHM_${code}`

/**
 * A handle on an open segment; index.d.ts describes it. Lanes take its waiting calls to the pool, one for reads, one for writes
 * and one for the lock of applications, so that none of them queues behind another that waits.
 */
class Segment {
  #handle
  #facts
  #context
  #reads
  #writes
  #locks
  #userLocks
  #feed
  #maxPending
  #inlineLimit
  #closed = null

  /** `facts` is the row of a table that the addon's handle was made with; `context` names the segment in messages. */
  constructor (token, opened) {
    if (token !== OPENING) throw new TypeError('Illegal constructor: segments come from open()')
    const { handle, facts, context, maxPending, inlineLimit } = opened
    const { id, key, name, capacity, incarnation, readOnly, semaphoreId } = handle.describe()
    this.key = key || null
    this.name = name || null
    this.id = id
    this.capacity = capacity
    this.layout = 'cell'
    this.incarnation = incarnation
    this.readOnly = readOnly
    this.#handle = handle
    this.#facts = facts
    this.#context = { ...context, key: this.key, name: this.name, capacity, maxPending, semaphoreId }
    this.#maxPending = maxPending
    this.#inlineLimit = inlineLimit
    this.#reads = new ReadLane(handle, this.#context)
    this.#writes = new WriteLane(handle, this.#context)
    this.#locks = new LockLane(handle, this.#context)
    this.#userLocks = new UserLocks(this, this.#context, (call, signal) => this.#travel(this.#locks, call, signal))
    this.#feed = new Feed(handle, this.#context, (timeout, atOnce) => this.#fetch(timeout, atOnce))
  }

  get version () {
    return this.#open().version()
  }

  read (given) {
    return isTraced('read') ? this.#traced('read', () => this.#read(given, undefined, justData)) : this.#read(given, undefined, justData)
  }

  snapshot (given) {
    if (given?.newerThan !== undefined) return this.#newer(given)
    return isTraced('read') ? this.#traced('read', () => this.#read(given, undefined, toSnapshot)) : this.#read(given, undefined, toSnapshot)
  }

  readInto (target, given) {
    return isTraced('read') ? this.#traced('read', () => this.#read(given, target, justFacts)) : this.#read(given, target, justFacts)
  }

  watch (given) {
    this.#open()
    return watch(this.#feed, given)
  }

  write (data, given) {
    return isTraced('write') ? this.#traced('write', () => this.#write(data, given)) : this.#write(data, given)
  }

  async update (fn, given) {
    if (typeof fn !== 'function') throw invalidType('fn', 'of type function', fn)
    const { timeout, signal, mediaType, transfer } = this.#writeOptions(given)
    const deadline = now() + timeout
    const part = call => this.#part(call, { signal, timeout: Math.max(0, deadline - now()) }, timeout)
    for (;;) {
      const snapshot = await part(left => this.snapshot(left))
      const data = await fn(snapshot)
      if (data === undefined) return snapshot.version
      const options = { mediaType: mediaType ?? snapshot.mediaType ?? undefined, ifVersion: snapshot.version, transfer }
      const version = await part(left => this.#writeIf(data, { ...options, ...left }))
      if (version !== undefined) return version
    }
  }

  readSync (given) {
    return readNow(this.#open(), this.#facts, options.range(options.object(given)), this.#context)
  }

  snapshotSync () {
    const data = readNow(this.#open(), this.#facts, undefined, this.#context)
    const facts = this.#facts
    const mediaType = this.#handle.mediaType()
    return toSnapshot(data, { version: facts[READ.VERSION], committedAt: facts[READ.COMMITTED_AT], writerPid: facts[READ.WRITER_PID], mediaType })
  }

  readIntoSync (target, given) {
    if (given === undefined && isUint8Array(target) && target.length > 0) return this.#readWholeNow(target)
    const range = given === undefined ? undefined : options.range(options.object(given))
    const view = within(viewOf(target, 'target'), range)
    const failure = this.#open().readSync(view, range === undefined ? 0 : range.offset, range === undefined)
    if (failure !== undefined) throw this.#tooSmall(failure, view)
    return { length: this.#facts[READ.COPIED], version: this.#facts[READ.VERSION] }
  }

  writeSync (data, given) {
    if (given === undefined && isUint8Array(data) && data.length > 0) return this.#writeBytesNow(data)
    const { mediaType, ifVersion, transfer } = this.#writeOptions(given)
    if (transfer) throw invalidValue('options.transfer', 'means nothing where the data is copied before the call returns', transfer)
    const bytes = bytesToWriteNow(data)
    this.#checkWrite(bytes)
    const version = this.#open().writeSync(bytes, mediaType, ifVersion)
    if (typeof version === 'number') return version
    throw fromFailure(version, { ...this.#context, ifVersion, length: bytes.length })
  }

  lock (given) {
    return isTraced('lock') ? this.#traced('lock', () => this.#userLocks.lock(given)) : this.#userLocks.lock(given)
  }

  tryLock () {
    return this.#userLocks.tryLock(this.#locks.pending > 0)
  }

  withLock (fn, given) {
    return this.#userLocks.withLock(fn, given)
  }

  view () {
    throw fromFailure({ code: 'UNSUPPORTED', reason: 'only a raw segment has bytes that stay where they are' }, this.#context)
  }

  stats () {
    return {
      pending: this.#pending,
      reads: this.#reads.counts.toStats(),
      writes: this.#writes.counts.toStats(),
      locks: this.#locks.counts.toStats()
    }
  }

  stat () {
    return new Promise((resolve, reject) => {
      this.#open().stat((failure, info) => failure ? reject(fromFailure(failure, this.#context)) : resolve(toInfo(info)))
    })
  }

  close () {
    if (this.#closed === null) {
      this.#closed = this.#close()
      // Last: who hears of it may call this again.
      this.#userLocks.revoke()
    }
    return this.#closed
  }

  async destroy (given) {
    const checked = options.object(given)
    const wait = { timeout: options.timeout(checked), signal: options.signal(checked) }
    const ifVersion = options.ifVersion(checked.ifVersion)
    await untilHad((slice, callback) => this.#open().destroy(slice, callback, ifVersion), wait, { ...this.#context, ifVersion })
    this.#feed.end(fromFailure({ code: 'DESTROYED' }, this.#context))
    await this.close()
  }

  [Symbol.asyncDispose] () {
    return this.close()
  }

  async #close () {
    const unwatched = this.#feed.end(fromFailure({ code: 'CLOSED' }, this.#context))
    const idle = [this.#reads, this.#writes, this.#locks].map(lane => lane.close())
    await Promise.all([...idle, unwatched])
    await new Promise(resolve => this.#handle.close(resolve))
  }

  /** A call on behalf of one that may take `timeout`, which has what is left of that, and would say so. */
  async #part (call, left, timeout) {
    try {
      return await call(left)
    } catch (error) {
      if (!isOf(error, 'TIMEOUT')) throw error
      throw fromFailure({ code: 'TIMEOUT', holder: error.holderPid, reason: error.holderPid ? undefined : 'conflict' }, { ...this.#context, waited: timeout })
    }
  }

  /** The version, or undefined where others wrote first and there is time to try again. */
  async #writeIf (data, given) {
    const begun = now()
    try {
      return await this.write(data, given)
    } catch (error) {
      if (!isOf(error, 'VERSION_CONFLICT')) throw error
      if (now() - begun >= given.timeout) throw fromFailure({ code: 'TIMEOUT' }, { ...this.#context, waited: 0 })
    }
  }

  #open () {
    if (this.#closed !== null) throw fromFailure({ code: 'CLOSED' }, this.#context)
    return this.#handle
  }

  #writeOptions (given) {
    const checked = options.object(given)
    if (checked.offset !== undefined) throw fromFailure({ code: 'UNSUPPORTED', reason: 'only a raw segment can be written in part' }, this.#context)
    return {
      timeout: options.timeout(checked),
      signal: options.signal(checked),
      mediaType: options.mediaType(checked.mediaType),
      ifVersion: options.ifVersion(checked.ifVersion),
      transfer: options.boolean('options.transfer', checked.transfer, false)
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
      const signal = given === undefined ? undefined : options.signal(given)
      if (this.#inlineLimit > 0 && this.#reads.pending === 0 && this.#readInline(call)) return
      this.#travel(this.#reads, call, signal)
    })
  }

  /** For who was let into the feed before: no limit of the queue comes in between. */
  #fetch (timeout, atOnce) {
    return new Promise((resolve, reject) => {
      const call = new ReadCall(resolve, reject, timeout, undefined, undefined, toSnapshot)
      const limit = atOnce ? Math.max(this.#inlineLimit, SPUN_LIMIT) : this.#inlineLimit
      if (limit > 0 && this.#reads.pending === 0 && this.#readInline(call, limit)) return
      this.#reads.push(call)
    })
  }

  #write (data, given) {
    return new Promise((resolve, reject) => {
      const { timeout, signal, mediaType, ifVersion, transfer } = this.#writeOptions(given)
      if (this.#inlineLimit > 0 && !transfer && this.#writes.pending === 0 && this.#writeInline(resolve, bytesToWriteNow(data), mediaType, ifVersion)) return
      const bytes = transfer ? bytesToTake(data) : bytesToWrite(data)
      this.#checkWrite(bytes)
      this.#travel(this.#writes, new WriteCall(resolve, reject, timeout, bytes, mediaType, ifVersion), signal, transfer)
    })
  }

  /** Serves a call on this thread, where that takes no wait: true then. */
  #readInline ({ memory, range, finish, resolve }, limit = this.#inlineLimit) {
    const handle = this.#open()
    const hint = handle.lengthHint()
    if (range !== undefined || hint > limit) return false
    const target = memory ?? allocate(hint)
    if (handle.readSync(target, 0, true) !== undefined) return false
    const { [READ.VERSION]: version, [READ.COPIED]: length, [READ.COMMITTED_AT]: committedAt, [READ.WRITER_PID]: writerPid } = this.#facts
    this.#reads.counts.inline++
    const data = memory === undefined ? shorten(target, length) : target
    resolve(finish(data, { version, length, committedAt, writerPid, mediaType: handle.mediaType() }))
    return true
  }

  #writeInline (resolve, bytes, mediaType, ifVersion) {
    if (bytes.length > this.#inlineLimit) return false
    this.#checkWrite(bytes)
    const version = this.#open().writeSync(bytes, mediaType, ifVersion)
    if (typeof version !== 'number') return false
    this.#writes.counts.inline++
    resolve(version)
    return true
  }

  #traced (name, call) {
    return traced(name, call, { segment: this })
  }

  get #pending () {
    return this.#reads.pending + this.#writes.pending + this.#locks.pending + this.#feed.pending
  }

  #newer (given) {
    return new Promise((resolve, reject) => {
      const newerThan = options.integer('options.newerThan', given.newerThan, 0, Number.MAX_SAFE_INTEGER)
      const { signal } = checkWatchOptions(given)
      this.#checkQueue()
      new NewerCall(this.#feed, { resolve, reject }, { newerThan, timeout: options.timeout(given), signal }, this.#context).begin()
    })
  }

  #checkQueue () {
    this.#open()
    if (this.#pending >= this.#maxPending) throw fromFailure({ code: 'QUEUE_FULL' }, this.#context)
  }

  /** `transfer`: its memory becomes ours, now that nothing refuses it any more. */
  #travel (lane, call, signal, transfer = false) {
    this.#checkQueue()
    if (transfer && !signal?.aborted) call.memory = taken(call.memory)
    lane.push(call, signal)
  }

  /** Without options, on memory that needs no look: half of the time would go into those. */
  #readWholeNow (target) {
    const failure = this.#open().readWholeSync(target)
    if (failure !== undefined) throw this.#tooSmall(failure, target)
    const facts = this.#facts
    return { length: facts[READ.COPIED], version: facts[READ.VERSION] }
  }

  #writeBytesNow (bytes) {
    const version = this.#open().writeBytesSync(bytes)
    if (typeof version === 'number') return version
    throw fromFailure(version, { ...this.#context, length: bytes.length })
  }

  /** The core tells the length of the value; here it is the caller's memory that is too small. */
  #tooSmall (failure, view) {
    if (failure.code !== 'TOO_LARGE') return fromFailure(failure, this.#context)
    return fromFailure({ ...failure, reason: 'target', number: view.length }, { ...this.#context, length: failure.number })
  }
}

module.exports = { Segment, OPENING }
