'use strict'

const HttpError = require('./http-error')
const { mediaTypeToStore } = require('./media-type')
const Preconditions = require('./preconditions')
const { versionHeaders } = require('./representation')

const NO_BYTES = Buffer.alloc(0)

/** What a request to write says of the value but for its bytes. All that is wrong with it is said before those are read. */
class Order {
  /** @param {import('fastify').FastifyRequest} request */
  constructor (request) {
    const encoding = request.headers['content-encoding'] ?? 'identity'
    if (encoding !== 'identity') throw new HttpError(415, 'ERR_CONTENT_ENCODING', 'The value is stored as it comes: send it without a Content-Encoding.')
    this.mediaType = mediaTypeToStore(request)
    this.preconditions = Preconditions.of(request.headers)
  }

  /**
   * Commits the bytes if the conditions allow it. The segment compares the version and commits in one step. Where another
   * writer came first, the conditions are looked at again; that ends, because they name finitely many versions.
   * @param {import('shmnode').Segment} segment
   * @param {Buffer} data
   * @param {{ timeout: number, signal: AbortSignal }} wait
   * @returns {Promise<{ incarnation: string, version: number }>} what was committed
   */
  async commit (segment, data, wait) {
    const { incarnation } = segment
    const options = { ...wait, mediaType: this.mediaType }
    if (this.preconditions === null) return { incarnation, version: await segment.write(data, options) }
    // Not the property: this one finds out if the segment is gone, and with it the version that the conditions are about.
    let { version } = await segment.readInto(NO_BYTES, { ...wait, length: 0 })
    for (;;) {
      if (!this.preconditions.allow(incarnation, version)) throw preconditionFailed(incarnation, version)
      const ifVersion = this.preconditions.allowAllAfter(incarnation, version) ? undefined : version
      try {
        return { incarnation, version: await segment.write(data, { ...options, ifVersion }) }
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

function preconditionFailed (incarnation, version) {
  return new HttpError(412, 'ERR_SHM_VERSION_CONFLICT', `The segment holds version ${version}.`, versionHeaders(incarnation, version))
}

module.exports = Order
