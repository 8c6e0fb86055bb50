'use strict'

const HttpError = require('./http-error')

// Closing a connection with unread bytes resets it, and the client may never see the answer: so much is read for nothing.
const DISCARDED_BYTES = 64 * 1024 * 1024

/**
 * Collects the body of a request.
 * @param {import('node:http').IncomingMessage} stream
 * @param {number} limit the bytes that it may have
 * @returns {Promise<Buffer>} rejects with {@link HttpError}
 */
function readBody (stream, limit) {
  return new Promise((resolve, reject) => {
    const body = new Body(limit)
    if (stream.destroyed) reject(incomplete())
    if (Number(stream.headers['content-length']) > limit + DISCARDED_BYTES) reject(tooLarge(limit))
    stream.on('data', chunk => { if (!body.take(chunk)) reject(tooLarge(limit)) })
    stream.on('end', () => body.isTooLarge ? reject(tooLarge(limit)) : resolve(body.toBuffer()))
    stream.on('error', () => reject(incomplete()))
  })
}

/** The chunks so far; none any more once they are too many. */
class Body {
  #limit
  #chunks = []
  #length = 0

  constructor (limit) {
    this.#limit = limit
  }

  get isTooLarge () {
    return this.#length > this.#limit
  }

  /** @returns {boolean} whether it is worthwhile to go on */
  take (chunk) {
    this.#length += chunk.length
    if (this.isTooLarge) this.#chunks = []
    else this.#chunks.push(chunk)
    return this.#length <= this.#limit + DISCARDED_BYTES
  }

  toBuffer () {
    return Buffer.concat(this.#chunks, this.#length)
  }
}

function incomplete () {
  return new HttpError(400, 'ERR_BODY_INCOMPLETE', 'The request ended before its body did.')
}

function tooLarge (limit) {
  return new HttpError(413, 'ERR_SHM_TOO_LARGE', `The body is larger than the capacity of the segment, ${limit} bytes.`)
}

module.exports = readBody
