import { list } from './api.mjs'
import { Rates } from './rates.mjs'

const INTERVAL = 1000
/** The server tells its time to the second: a clock that differs by less is the same. */
const SAME_CLOCK = 2000

/** The segments that the server can see, looked up every second. */
export class SegmentList {
  #onChange
  #stopped = new AbortController()
  #rates = new Rates()
  /** What the clock here is behind that of the server, in milliseconds. */
  #behind = 0
  segments = null
  error = null

  /** @param {() => void} onChange */
  constructor (onChange) {
    this.#onChange = onChange
  }

  async start () {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      await this.#update(signal).catch(error => { this.error = error })
      if (!signal.aborted) this.#onChange()
      await new Promise(resolve => setTimeout(resolve, INTERVAL))
    }
  }

  stop () {
    this.#stopped.abort()
  }

  /**
   * How long ago that was.
   * @param {string | null} time as the server writes it
   * @returns {number | null} milliseconds; null: never
   */
  ageOf (time) {
    return time === null ? null : Math.max(0, Date.now() + this.#behind - Date.parse(time))
  }

  async #update (signal) {
    const { segments, serverTime } = await list(signal)
    const behind = serverTime - Date.now()
    this.#behind = Math.abs(behind) < SAME_CLOCK ? 0 : behind
    const rates = this.#rates.update(segments, performance.now())
    this.segments = segments.map(segment => ({ ...segment, rate: rates.get(segment.incarnation) })).sort(compare)
    this.error = null
  }
}

// The default one first, those without a name last.
function compare (a, b) {
  return b.default - a.default || (a.name === null) - (b.name === null) || (a.name ?? '').localeCompare(b.name ?? '') || a.key - b.key
}
