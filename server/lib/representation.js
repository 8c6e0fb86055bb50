'use strict'

const { entityTag } = require('./entity-tag')
const { contentTypeOf } = require('./media-type')

/** Values up to here are kept for the next reader; of larger ones only what somebody is still being sent is shared. */
const KEPT_LENGTH = 64 * 1024

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

/** One version of a segment, as HTTP tells of it. */
class Representation {
  #data

  /**
   * @param {string} incarnation
   * @param {import('shmnode').Snapshot} snapshot
   */
  constructor (incarnation, { data, version, committedAt, writerPid, mediaType }) {
    this.incarnation = incarnation
    this.version = version
    this.committedAt = committedAt
    this.writerPid = writerPid
    this.mediaType = mediaType
    this.length = data.length
    this.#data = data.length > KEPT_LENGTH ? new WeakRef(data) : data
    this.etag = entityTag(incarnation, version)
    this.versionHeaders = { ...versionHeaders(incarnation, version), 'cache-control': 'no-cache' }
    if (committedAt !== null) this.versionHeaders['last-modified'] = committedAt.toUTCString()
    this.headers = { ...this.versionHeaders, ...valueHeaders(mediaType) }
  }

  /** The value, or undefined where its memory was given back. */
  get data () {
    return this.#data instanceof WeakRef ? this.#data.deref() : this.#data
  }

  isOf ({ incarnation, version }) {
    return this.version === version && this.incarnation === incarnation
  }
}

module.exports = { Representation, versionHeaders, valueHeaders }
