/** So many seconds are kept. */
const SPAN = 90

/** Versions per second and what reads took, second by second. */
export class Series {
  /** The newest version, and the one that was so when the second began. */
  #latest = null
  #first = null
  #reads = []
  times
  versions = [null]
  latencies = [null]

  /** @param {number} time when it begins, in seconds since 1970 */
  constructor (time) {
    this.times = [time]
  }

  /** A version was seen. @param {{ etag: string, version: number }} facts */
  addVersion ({ etag, version }) {
    const seen = { incarnation: etag.split('.', 1)[0], version }
    // Reads and events overtake each other.
    if (this.#latest?.incarnation === seen.incarnation && this.#latest.version > version) return
    this.#latest = seen
    this.#first ??= seen
  }

  /** @param {number} milliseconds that a read took */
  addRead (milliseconds) {
    this.#reads.push(milliseconds)
  }

  /** Ends a second. @param {number} time its end, in seconds since 1970 */
  tick (time) {
    this.times.push(time)
    this.versions.push(this.#versions())
    this.latencies.push(this.#reads.length === 0 ? null : median(this.#reads))
    this.#first = this.#latest
    this.#reads = []
    if (this.times.length > SPAN) for (const list of [this.times, this.versions, this.latencies]) list.shift()
  }

  /** What was seen so far may be long ago: it counts no more. */
  interrupt () {
    this.#latest = null
    this.#first = null
    this.#reads = []
  }

  #versions () {
    if (this.#latest === null) return null
    const { incarnation, version } = this.#latest
    return incarnation === this.#first.incarnation ? version - this.#first.version : version
  }
}

function median (numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}
