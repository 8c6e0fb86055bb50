'use strict'

const { entityTag } = require('./entity-tag')
const { contentTypeOf } = require('./media-type')

/** The header fields that name one version. */
function versionHeaders (incarnation, version) {
  return { etag: entityTag(incarnation, version), 'shm-version': String(version) }
}

/**
 * The header fields of an answer that carries a value. Anybody may have stored it, as any media type: a browser must
 * neither guess another one nor run it.
 */
function valueHeaders (mediaType) {
  return {
    'content-type': contentTypeOf(mediaType),
    'x-content-type-options': 'nosniff',
    'content-security-policy': 'sandbox'
  }
}

/** What a GET says of one version. */
class Representation {
  /**
   * @param {string} incarnation
   * @param {import('shmnode').Snapshot} snapshot
   */
  constructor (incarnation, { version, committedAt, mediaType }) {
    this.incarnation = incarnation
    this.version = version
    this.etag = entityTag(incarnation, version)
    this.versionHeaders = { ...versionHeaders(incarnation, version), 'cache-control': 'no-cache' }
    if (committedAt !== null) this.versionHeaders['last-modified'] = committedAt.toUTCString()
    this.headers = { ...this.versionHeaders, ...valueHeaders(mediaType) }
  }

  isOf (incarnation, version) {
    return this.version === version && this.incarnation === incarnation
  }
}

module.exports = { Representation, versionHeaders, valueHeaders }
