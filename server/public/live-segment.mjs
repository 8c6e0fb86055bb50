import { ApiError, read, watch } from './api.mjs'
import { Series } from './series.mjs'

/** Milliseconds between two events, and between two reads, at least. */
const INTERVAL = 100
/** A value that does not change is read again after so many milliseconds, for the sake of the chart. */
const PROBE = 1000
const RETRY = 1000
/** So many bytes of a value are read unless a person wants them all. */
const LIMIT = 1024 * 1024

/**
 * One segment as it changes: its facts from an event stream, its value from reads.
 *
 * `status` is 'connecting', 'live', 'gone' (there is none, at the moment) or 'lost' (`error` says why); `facts` are those of the
 * newest event, `value` is what was read last.
 */
export class LiveSegment {
  #resource
  #onChange
  #stopped = new AbortController()
  #limit = LIMIT
  #length
  #wake = () => {}
  #ticker
  status = 'connecting'
  error = null
  facts = null
  value = null
  series = new Series(now())

  /**
   * @param {import('./resource.mjs').Resource} resource
   * @param {number} length of its value, as far as is known
   * @param {() => void} onChange
   */
  constructor (resource, length, onChange) {
    this.#resource = resource
    this.#length = length
    this.#onChange = onChange
  }

  start () {
    this.#ticker = setInterval(() => this.#tick(), 1000)
    this.#run()
  }

  stop () {
    clearInterval(this.#ticker)
    this.#stopped.abort()
    this.#onChange = () => {}
  }

  /** Reads all of it from now on, however long it is. */
  readAll () {
    this.#limit = Infinity
    this.value = null
    this.#wake()
  }

  async #run () {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      await this.#connect(signal).catch(error => this.#lose(error))
      await new Promise(resolve => setTimeout(resolve, RETRY))
    }
  }

  /** The first of both that ends or fails ends the other. */
  async #connect (stopped) {
    const connection = new AbortController()
    const end = () => connection.abort()
    stopped.addEventListener('abort', end)
    try {
      await Promise.race([this.#follow(connection.signal), this.#readOn(connection.signal)])
      this.#set({ status: 'connecting' })
    } finally {
      stopped.removeEventListener('abort', end)
      end()
    }
  }

  async #follow (signal) {
    for await (const facts of watch(this.#resource, { interval: INTERVAL, signal })) {
      if (facts === null) return this.#lose(new ApiError(404, { detail: 'The segment was destroyed.' }))
      this.series.addVersion(facts)
      this.#set({ status: 'live', error: null, facts })
      this.#wake()
    }
  }

  async #readOn (signal) {
    for (;;) {
      const begun = performance.now()
      const value = await read(this.#resource, { etag: this.value?.etag, limit: this.#wanted, signal })
      const took = performance.now() - begun
      this.series.addRead(took)
      if (value !== null) this.series.addVersion(value)
      this.#set({ status: 'live', error: null, ...(value !== null && { value }) })
      await pause(Math.max(INTERVAL, took * 2))
      if (!this.#hasNews) await this.#news(PROBE)
    }
  }

  /** Of what is known to be short, all. */
  get #wanted () {
    const length = this.facts?.length ?? this.#length
    return length > this.#limit ? this.#limit : Infinity
  }

  get #hasNews () {
    return this.value === null || (this.facts !== null && this.facts.etag !== this.value.etag && this.facts.version > this.value.version)
  }

  #news (milliseconds) {
    return new Promise(resolve => {
      this.#wake = resolve
      setTimeout(resolve, milliseconds)
    })
  }

  #lose (error) {
    if (this.#stopped.signal.aborted) return
    this.series.interrupt()
    if (error.status === 404) this.#set({ status: 'gone', error: null, facts: null, value: null })
    else this.#set({ status: 'lost', error })
  }

  #tick () {
    this.series.tick(now())
    this.#onChange()
  }

  #set (changes) {
    Object.assign(this, changes)
    this.#onChange()
  }
}

const now = () => Math.round(Date.now() / 1000)

function pause (milliseconds) {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}
