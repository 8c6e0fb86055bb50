'use strict'

const { Representation } = require('./representation')
const Waiter = require('./waiter')

const NO_BYTES = new Uint8Array(0)
/** What small values are looked at by: up to here, to read one takes less than to ask for none of its bytes. */
const SCRATCH = Buffer.allocUnsafeSlow(4096)
const NOTHING = Object.freeze({ offset: 0, length: 0 })
const GONE = new Set(['ERR_SHM_DESTROYED', 'ERR_SHM_CLOSED'])

/** @typedef {{ latest: Representation, data: Buffer }} Read one version and its value */

/**
 * What a segment holds. Those who read the same version share one copy of it, and those who wait for the next one share one
 * call that waits.
 */
class CurrentValue {
  #segment
  #wait
  #latest = null
  /** The handle that it was read by. */
  #handle = null
  #waiters = new Set()
  /** Ends the call that waits for them. */
  #call = null
  #ended = false

  /**
   * @param {import('./reopening-segment')} segment
   * @param {{ timeout?: number }} wait how long a read may take, in milliseconds
   */
  constructor (segment, { timeout }) {
    this.#segment = segment
    this.#wait = { timeout }
  }

  /** How many bytes the next read may bring, as far as can be told. */
  get expectedLength () {
    return this.#latest === null ? this.#segment.capacity : this.#latest.length
  }

  /** The current version, if that can be told without going to the thread pool; else null. */
  get known () {
    if (this.#latest === null || !this.#segment.isTrusted) return null
    return this.#latest.data !== undefined && this.#isCurrent(this.#latest) ? this.#latest : null
  }

  /** @returns {Promise<Read>} */
  async read () {
    return await this.readShared() ?? this.readAnew()
  }

  /** @returns {Promise<Read | null>} null unless somebody has read this version before, and it is still in memory */
  async readShared () {
    const latest = this.#latest
    const data = latest?.data
    if (data === undefined || !this.#isCurrent(latest)) return null
    return this.#segment.isTrusted || await this.#segment.use(handle => this.#isStill(latest, handle)) ? { latest, data } : null
  }

  /** @returns {Promise<Read>} */
  async readAnew () {
    return this.#segment.use(handle => this.#readFrom(handle))
  }

  /**
   * The current version once it is not `seen` any more, which may be at once.
   * @param {{ incarnation: string, version: number }} seen
   * @param {{ timeout: number, signal?: AbortSignal }} wait
   * @returns {Promise<Read | null>} null if it still is after `timeout` milliseconds, when the signal aborts, or when this is ended
   */
  async after (seen, { timeout, signal }) {
    const deadline = performance.now() + timeout
    for (;;) {
      const read = this.#isCurrent(seen) ? undefined : await this.read()
      if (read !== undefined && !read.latest.isOf(seen)) return read
      const left = deadline - performance.now()
      if (left <= 0 || this.#ended || signal?.aborted) return null
      const found = await this.#next(left, signal)
      if (found !== undefined && !found?.latest.isOf(seen)) return found
    }
  }

  /** True once nobody may wait any more. */
  get isEnded () {
    return this.#ended
  }

  /** Sends everybody away who waits, or will. Reads go on. */
  end () {
    this.#ended = true
    this.#forEachWaiter(waiter => waiter.resolve(null))
  }

  #isCurrent ({ incarnation, version }) {
    return this.#handle !== null && this.#segment.handle === this.#handle && this.#latest.isOf({ incarnation, version }) &&
      versionOf(this.#handle, this.#latest.length) === version
  }

  /** Asks the kernel too. */
  async #isStill (latest, handle) {
    const { version } = await handle.readInto(NO_BYTES, { ...NOTHING, ...this.#wait })
    return latest.isOf({ incarnation: handle.incarnation, version })
  }

  async #readFrom (handle) {
    return this.#keep(handle, await handle.snapshot(this.#wait))
  }

  #keep (handle, snapshot) {
    const known = this.#latest?.isOf({ incarnation: handle.incarnation, version: snapshot.version }) ? this.#latest.data : undefined
    if (known === undefined) this.#latest = new Representation(handle.incarnation, snapshot)
    this.#handle = handle
    return { latest: this.#latest, data: known ?? snapshot.data }
  }

  /** @returns {Promise<Read | null | undefined>} null if time or patience is over; undefined: there may be something new */
  #next (timeout, signal) {
    const waiter = new Waiter({ timeout, signal })
    this.#waiters.add(waiter)
    this.#call ??= this.#waitFrom(this.#handle, this.#latest.version)
    return waiter.promise.finally(() => this.#leave(waiter))
  }

  #leave (waiter) {
    this.#waiters.delete(waiter)
    if (this.#waiters.size > 0 || this.#call === null) return
    this.#call.abort()
    this.#call = null
  }

  #waitFrom (handle, newerThan) {
    const call = new AbortController()
    const isWanted = () => this.#call === call
    handle.snapshot({ newerThan, timeout: Infinity, signal: call.signal }).then(
      snapshot => { if (isWanted()) this.#announce(this.#keep(handle, snapshot)) },
      error => { if (isWanted()) this.#fail(error) })
    return call
  }

  #announce (read) {
    this.#call = null
    this.#forEachWaiter(waiter => waiter.resolve(read))
  }

  /** Of a segment that is gone there may be a successor: who looks finds out. */
  #fail (error) {
    this.#call = null
    this.#forEachWaiter(waiter => GONE.has(error.code) ? waiter.resolve(undefined) : waiter.reject(error))
  }

  #forEachWaiter (fn) {
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    waiters.forEach(fn)
  }
}

/** -1 where that is not known, as of one that is gone, or of a value that has grown. */
function versionOf (handle, length) {
  try {
    const facts = length <= SCRATCH.length ? handle.readIntoSync(SCRATCH) : handle.readIntoSync(NO_BYTES, NOTHING)
    return facts.version
  } catch {
    return -1
  }
}

module.exports = CurrentValue
