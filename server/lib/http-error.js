'use strict'

/** An error that tells the client what is wrong: all of it may be shown. */
class HttpError extends Error {
  /**
   * @param {number} statusCode
   * @param {string} code stable, for programs
   * @param {string} detail for people
   * @param {Record<string, string>} [headers] of the answer
   */
  constructor (statusCode, code, detail, headers) {
    super(detail)
    this.name = 'HttpError'
    this.statusCode = statusCode
    this.code = code
    this.headers = headers
  }
}

module.exports = HttpError
