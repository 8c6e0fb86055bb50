'use strict'

const HttpError = require('./http-error')

const JSON_TYPE = 'application/json'
const UNKNOWN_TYPE = 'application/octet-stream'

// The segment has room for 63 bytes. What comes out of it may have been put there by any program.
const STORABLE = /^[\x20-\x7e]{1,63}$/

/** What was found storable last: most requests have the one of those before. */
let latest

/**
 * The media type to store with the body of a request.
 * @param {import('fastify').FastifyRequest} request
 * @returns {string | undefined} undefined if it has none
 */
function mediaTypeToStore (request) {
  const contentType = request.headers['content-type']
  if (contentType === undefined) return undefined
  if (request.mediaType === JSON_TYPE) return JSON_TYPE
  if (isStorable(contentType)) return contentType
  throw new HttpError(415, 'ERR_MEDIA_TYPE', 'The media type is longer than 63 printable ASCII characters, or has others.')
}

/**
 * The Content-Type of a stored value.
 * @param {string | null | undefined} mediaType
 */
function contentTypeOf (mediaType) {
  return isStorable(mediaType ?? '') ? mediaType : UNKNOWN_TYPE
}

function isStorable (mediaType) {
  if (mediaType === latest) return true
  if (!STORABLE.test(mediaType)) return false
  latest = mediaType
  return true
}

module.exports = { JSON_TYPE, mediaTypeToStore, contentTypeOf }
