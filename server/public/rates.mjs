/** How many versions a second segments get, by what lists of them say one after the other. */
export class Rates {
  #before = new Map()
  #at = 0

  /**
   * @param {{ incarnation: string, version: number }[]} segments
   * @param {number} at milliseconds of any clock that never goes back
   * @returns {Map<string, number | null>} by incarnation; null for one that was not there before
   */
  update (segments, at) {
    const seconds = (at - this.#at) / 1000
    const rates = new Map(segments.map(({ incarnation, version }) => {
      const before = this.#before.get(incarnation)
      return [incarnation, before === undefined ? null : (version - before) / seconds]
    }))
    this.#before = new Map(segments.map(({ incarnation, version }) => [incarnation, version]))
    this.#at = at
    return rates
  }
}
