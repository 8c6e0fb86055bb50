'use strict'

const { bytesToTake, bytesToWrite, bytesToWriteNow, lasting, taken, viewOf, within } = require('./bytes')
const { fromFailure, invalidValue } = require('./errors')
const { toRawInfo, toRawSnapshot } = require('./facts')
const { LockLane } = require('./lock-lane')
const options = require('./options')
const { RawWriteCall } = require('./raw-write-call')
const { ReadCall, ReadLane } = require('./read-lane')
const { readNow } = require('./read-now')
const { allocate, shorten } = require('./result-memory')
const { OPENING } = require('./segment')
const { READ } = require('./table')
const { isTraced, traced } = require('./tracing')
const { UserLocks } = require('./user-locks')
const { apart, checkView, remember, viewOn } = require('./view')
const { untilHad } = require('./waiting')
const { WriteLane } = require('./write-lane')

const justData = data => data
const justLength = (_, { length }) => ({ length })

/** A handle on an open raw segment; index.d.ts describes it. Its calls travel by lanes, as those of a cell do. */
class RawSegment {
  #handle
  #facts
  #context
  #reads
  #writes
  #locks
  #userLocks
  #maxPending
  #inlineLimit
  #closed = null

  /** As of Segment. */
  constructor (token, opened) {
    if (token !== OPENING) throw new TypeError('Illegal constructor: segments come from open()')
    const { handle, facts, context, nulTerminated, maxPending, inlineLimit } = opened
    const { posix, id, key, capacity, readOnly, isPosix, semaphoreId } = handle.describe()
    this.key = key || null
    this.name = context.name ?? null
    this.id = posix ? null : id
    this.posix = posix
    this.capacity = capacity
    this.layout = 'raw'
    this.incarnation = null
    this.nulTerminated = nulTerminated
    this.readOnly = readOnly
    this.#handle = handle
    this.#facts = facts
    this.#context = { ...context, key: this.key, name: this.name, capacity, nulTerminated, maxPending, isPosix, semaphoreId }
    this.#maxPending = maxPending
    this.#inlineLimit = inlineLimit
    this.#reads = new ReadLane(handle, this.#context)
    this.#writes = new WriteLane(handle, this.#context)
    this.#locks = new LockLane(handle, this.#context)
    this.#userLocks = new UserLocks(this, this.#context, (call, signal) => this.#travel(this.#locks, call, signal))
  }

  get version () {
    throw this.#unsupported('a raw segment has no versions')
  }

  read (given) {
    return this.#traced('read', () => this.#read(given, undefined, justData))
  }

  async snapshot (given) {
    if (given?.newerThan !== undefined) throw this.#unsupported('a raw segment has no versions to wait for')
    return this.#traced('read', () => this.#read(given, undefined, toRawSnapshot))
  }

  readInto (target, given) {
    return this.#traced('read', () => this.#read(given, target, justLength))
  }

  write (data, given) {
    return this.#traced('write', () => this.#write(data, given))
  }

  readSync (given) {
    return readNow(this.#open(), this.#facts, options.range(options.object(given)), this.#context)
  }

  snapshotSync () {
    return toRawSnapshot(this.readSync())
  }

  readIntoSync (target, given) {
    const range = options.range(options.object(given))
    const view = within(viewOf(target, 'target'), range)
    const failure = this.#open().readSync(view, range?.offset ?? 0, range === undefined)
    if (failure !== undefined) throw this.#tooSmall(failure, view)
    return { length: this.#facts[READ.COPIED] }
  }

  writeSync (data, given) {
    const { offset, transfer } = this.#writeOptions(given)
    if (transfer) throw invalidValue('options.transfer', 'means nothing where the data is copied before the call returns', transfer)
    const bytes = apart(bytesToWriteNow(data), this.id)
    this.#checkWrite(bytes, offset)
    const failure = this.#open().writeSync(bytes, offset)
    if (failure !== undefined) throw fromFailure(failure, { ...this.#context, offset, length: bytes.length })
  }

  view (TypedArray = Uint8Array, offset = 0, length = undefined) {
    const asked = checkView(this.capacity, TypedArray, offset, length)
    if (this.readOnly) throw fromFailure({ code: 'READ_ONLY' }, this.#context)
    const buffer = this.#open().buffer()
    if (!(buffer instanceof ArrayBuffer)) throw fromFailure(buffer, this.#context)
    remember(buffer, this.id)
    return viewOn(buffer, asked)
  }

  lock (given) {
    return this.#traced('lock', () => this.#userLocks.lock(given))
  }

  tryLock () {
    return this.#userLocks.tryLock(this.#locks.pending > 0)
  }

  withLock (fn, given) {
    return this.#userLocks.withLock(fn, given)
  }

  async update () {
    throw this.#unsupported('without versions nobody can tell whether others have written meanwhile; withLock() keeps them out')
  }

  watch () {
    throw this.#unsupported('a raw segment has no versions to watch')
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
      this.#open().stat((failure, info) => failure ? reject(fromFailure(failure, this.#context)) : resolve(toRawInfo(info, this.name)))
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
    await untilHad((slice, callback) => this.#open().destroy(slice, callback), wait, this.#context)
    await this.close()
  }

  [Symbol.asyncDispose] () {
    return this.close()
  }

  async #close () {
    await Promise.all([this.#reads, this.#writes, this.#locks].map(lane => lane.close()))
    await new Promise(resolve => this.#handle.close(resolve))
  }

  #open () {
    if (this.#closed !== null) throw fromFailure({ code: 'CLOSED' }, this.#context)
    return this.#handle
  }

  #unsupported (reason) {
    return fromFailure({ code: 'UNSUPPORTED', reason }, this.#context)
  }

  #writeOptions (given) {
    const checked = options.object(given)
    if (checked.ifVersion !== undefined) throw this.#unsupported('a raw segment has no versions to compare with')
    if (checked.mediaType !== undefined) throw this.#unsupported('a raw segment has no place for a media type')
    const { offset = 0 } = checked
    return {
      timeout: options.timeout(checked),
      signal: options.signal(checked),
      offset: options.integer('options.offset', offset, 0, Number.MAX_SAFE_INTEGER),
      transfer: options.boolean('options.transfer', checked.transfer, false)
    }
  }

  /** What no lock is needed to know. */
  #checkWrite ({ length }, offset) {
    if (this.readOnly) throw fromFailure({ code: 'READ_ONLY' }, this.#context)
    const room = this.capacity - (this.#context.nulTerminated ? 1 : 0)
    if (offset + length > room) throw fromFailure({ code: 'TOO_LARGE', number: room }, { ...this.#context, offset, length })
  }

  #read (given, target, finish) {
    return new Promise((resolve, reject) => {
      const view = finish === justLength ? lasting(viewOf(target, 'target')) : undefined
      const checked = options.object(given)
      const call = new ReadCall(resolve, reject, options.timeout(checked), options.range(checked), view, finish)
      const signal = options.signal(checked)
      if (this.#inlineLimit > 0 && this.#reads.pending === 0 && this.#readInline(call)) return
      this.#travel(this.#reads, call, signal)
    })
  }

  #write (data, given) {
    return new Promise((resolve, reject) => {
      const { timeout, signal, offset, transfer } = this.#writeOptions(given)
      if (this.#inlineLimit > 0 && !transfer && this.#writes.pending === 0 && this.#writeInline(resolve, apart(bytesToWriteNow(data), this.id), offset)) return
      const bytes = transfer ? bytesToTake(data) : apart(bytesToWrite(data), this.id)
      this.#checkWrite(bytes, offset)
      this.#travel(this.#writes, new RawWriteCall(resolve, reject, timeout, bytes, offset), signal, transfer)
    })
  }

  /** Serves a call on this thread, where that takes no wait: true then. */
  #readInline ({ memory, range, finish, resolve }) {
    const handle = this.#open()
    const room = memory?.length ?? Math.min(range?.length ?? Infinity, handle.lengthHint())
    if (room > this.#inlineLimit) return false
    const target = memory ?? allocate(room)
    const into = within(target, range)
    if (handle.readSync(into, range?.offset ?? 0, range === undefined) !== undefined) return false
    const { [READ.COPIED]: length, [READ.LENGTH]: total } = this.#facts
    if (memory === undefined && range !== undefined && length < Math.min(range.length, total - range.offset)) return false
    this.#reads.counts.inline++
    resolve(finish(memory === undefined ? shorten(target, length) : target, { length }))
    return true
  }

  #writeInline (resolve, bytes, offset) {
    if (bytes.length > this.#inlineLimit) return false
    this.#checkWrite(bytes, offset)
    if (this.#open().writeSync(bytes, offset) !== undefined) return false
    this.#writes.counts.inline++
    resolve()
    return true
  }

  #traced (name, call) {
    return isTraced(name) ? traced(name, call, { segment: this }) : call()
  }

  get #pending () {
    return this.#reads.pending + this.#writes.pending + this.#locks.pending
  }

  /** As of Segment. */
  #travel (lane, call, signal, transfer = false) {
    this.#open()
    if (this.#pending >= this.#maxPending) throw fromFailure({ code: 'QUEUE_FULL' }, this.#context)
    if (transfer && !signal?.aborted) call.memory = taken(call.memory)
    lane.push(call, signal)
  }

  /** As of Segment. */
  #tooSmall (failure, view) {
    if (failure.code !== 'TOO_LARGE') return fromFailure(failure, this.#context)
    return fromFailure({ ...failure, reason: 'target', number: view.length }, { ...this.#context, length: failure.number })
  }
}

module.exports = { RawSegment }
