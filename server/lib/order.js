'use strict'

const { refuseCodings } = require('./codings')
const HttpError = require('./http-error')
const { mediaTypeToStore } = require('./media-type')
const Preconditions = require('./preconditions')

const NO_BYTES = Buffer.alloc(0)
/** To copy as many bytes takes less time than to have another thread do so. */
const LONGEST_AT_ONCE = 16 * 1024

/** What a request to write, or to delete, says but for the bytes. All that is wrong with it is said before those are read. */
class Order {
  /** @param {import('fastify').FastifyRequest} request */
  constructor (request) {
    if (request.headers['content-range'] !== undefined) throw new HttpError(400, 'ERR_CONTENT_RANGE', 'A value is replaced as a whole: send all of it.')
    refuseCodings(request.headers)
    this.mediaType = mediaTypeToStore(request)
    this.preconditions = Preconditions.of(request.headers)
  }

  /**
   * Commits a small value on this thread, if nothing has to be waited for.
   * @param {import('./reopening-segment')} segment
   * @param {Buffer} data
   * @returns {{ incarnation: string, version: number } | null} null where it takes {@link commit}, which also tells what is wrong
   */
  commitNow ({ handle, isTrusted }, data) {
    if (this.preconditions !== null || data.length > LONGEST_AT_ONCE || !isTrusted) return null
    try {
      return { incarnation: handle.incarnation, version: handle.writeSync(data, { mediaType: this.mediaType }) }
    } catch {
      return null
    }
  }

  /**
   * Commits the bytes if the conditions allow it.
   * @param {import('shmnode').Segment} segment
   * @param {Buffer} data
   * @param {import('./patience')} patience
   * @returns {Promise<{ incarnation: string, version: number }>} what was committed
   */
  async commit (segment, data, patience) {
    const { mediaType } = this
    const write = ifVersion => patience.spend(({ timeout, signal }) => segment.write(data, { timeout, signal, mediaType, ifVersion }))
    return { incarnation: segment.incarnation, version: await this.#decide(segment, patience, write) }
  }

  /**
   * Destroys the segment if the conditions allow it.
   * @param {import('shmnode').Segment} segment
   * @param {import('./patience')} patience
   */
  async destroy (segment, patience) {
    const { timeout, signal } = patience
    await this.#decide(segment, patience, ifVersion => segment.destroy({ timeout, signal, ifVersion }))
  }

  /**
   * The segment compares the version and acts in one step. Where another writer came first, the conditions are looked at again; that
   * ends, because they name finitely many versions.
   */
  async #decide (segment, { timeout }, act) {
    const { incarnation } = segment
    if (this.preconditions === null) return act(undefined)
    // Not the property: this one finds out if the segment is gone, and with it the version that the conditions are about.
    let { version } = await segment.readInto(NO_BYTES, { timeout, length: 0 })
    for (;;) {
      if (!this.preconditions.allow(incarnation, version)) throw Preconditions.failed({ incarnation, version })
      try {
        return await act(this.preconditions.allowAllAfter(incarnation, version) ? undefined : version)
      } catch (error) {
        if (error.code !== 'ERR_SHM_VERSION_CONFLICT') throw error
        version = error.version
      }
    }
  }

  /** Throws if the conditions forbid to make what is not there. */
  checkAbsent () {
    if (this.preconditions?.allow('', 0) === false) throw new HttpError(412, 'ERR_SHM_VERSION_CONFLICT', 'There is no such segment.')
  }
}

module.exports = Order
