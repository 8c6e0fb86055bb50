'use strict'

const { entityTag } = require('./entity-tag')
const { contentTypeOf } = require('./media-type')

/** Values up to here are kept for the next reader; of larger ones only what somebody is still being sent is shared. */
const KEPT_LENGTH = 64 * 1024
/** Values up to here take no more memory than a connection does anyway: nobody counts them. */
const UNCOUNTED_LENGTH = 16 * 1024

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
    'content-security-policy': 'sandbox',
    'cross-origin-resource-policy': 'same-origin'
  }
}

/** One version of a segment, as HTTP tells of it. */
class Representation {
  #data
  #users = 0

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
    /** What event streams make of it. */
    this.events = new Map()
    this.etag = entityTag(incarnation, version)
    this.versionHeaders = { ...versionHeaders(incarnation, version), 'cache-control': 'no-cache' }
    if (committedAt !== null) this.versionHeaders['last-modified'] = committedAt.toUTCString()
    this.headers = { ...this.versionHeaders, 'accept-ranges': 'bytes', ...valueHeaders(mediaType) }
    this.allHeaders = Object.entries({ ...this.headers, 'content-length': String(data.length) }).flat()
  }

  /** The value, or undefined where its memory was given back. */
  get data () {
    return this.#data instanceof WeakRef ? this.#data.deref() : this.#data
  }

  /**
   * Somebody is going to be sent the value, until {@link release}.
   * @returns {number} the bytes that have to be counted for it: for all who share it, once
   */
  hold () {
    return this.#users++ === 0 ? this.length : 0
  }

  /** @returns {number} the bytes that need not be counted any more */
  release () {
    return --this.#users === 0 ? this.length : 0
  }

  isOf ({ incarnation, version }) {
    return this.version === version && this.incarnation === incarnation
  }
}

module.exports = { Representation, versionHeaders, valueHeaders, UNCOUNTED_LENGTH }
