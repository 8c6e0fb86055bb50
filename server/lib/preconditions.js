'use strict'

const HttpError = require('./http-error')
const { opaqueTag, parseTags } = require('./entity-tag')
const { versionHeaders } = require('./representation')

/** What If-Match and If-None-Match of a request demand of the version that it would replace, or be sent. */
class Preconditions {
  #match
  #noneMatch

  /**
   * @param {import('node:http').IncomingHttpHeaders} headers
   * @returns {Preconditions | null} null if there are none
   */
  static of (headers) {
    if (headers['if-unmodified-since'] !== undefined && headers['if-match'] === undefined) throw tooCoarse()
    const match = parse(headers, 'if-match')
    const noneMatch = parse(headers, 'if-none-match')
    return match === undefined && noneMatch === undefined ? null : new Preconditions(match, noneMatch)
  }

  /**
   * Those of a read that end in 412. What its If-None-Match names is no reason to refuse it.
   * @param {import('node:http').IncomingHttpHeaders} headers
   * @returns {Preconditions | null} null if there are none
   */
  static ofRead (headers) {
    const match = parse(headers, 'if-match')
    return match === undefined ? null : new Preconditions(match)
  }

  /** What to throw where this version does not do. */
  static failed ({ incarnation, version }) {
    return new HttpError(412, 'ERR_SHM_VERSION_CONFLICT', `The segment holds version ${version}.`, versionHeaders(incarnation, version))
  }

  constructor (match, noneMatch) {
    this.#match = match
    this.#noneMatch = noneMatch
  }

  /** Whether this version may be replaced, or sent. */
  allow (incarnation, version) {
    const tag = opaqueTag(incarnation, version)
    return this.#isMatched(tag, version) && !this.#isExcluded(tag, version)
  }

  /** Whether every version after this one, which may be replaced, may be replaced too. */
  allowAllAfter (incarnation, version) {
    if (Array.isArray(this.#match) || this.#noneMatch === '*') return false
    return !(this.#noneMatch ?? []).some(({ opaque }) => isLater(opaque, incarnation, version))
  }

  #isMatched (tag, version) {
    if (this.#match === undefined) return true
    if (this.#match === '*') return version > 0
    return this.#match.some(({ weak, opaque }) => !weak && opaque === tag)
  }

  #isExcluded (tag, version) {
    if (this.#noneMatch === undefined) return false
    if (this.#noneMatch === '*') return version > 0
    return this.#noneMatch.some(({ opaque }) => opaque === tag)
  }
}

// A condition that cannot be understood must not pass for one that is absent.
function parse (headers, name) {
  const tags = parseTags(headers[name])
  if (tags === null) throw new HttpError(400, 'ERR_PRECONDITION_MALFORMED', `The ${name} header is not a list of entity-tags.`)
  return tags
}

function tooCoarse () {
  return new HttpError(501, 'ERR_PRECONDITION_UNSUPPORTED', 'Many versions may be committed in a second, which If-Unmodified-Since cannot tell apart: use If-Match.')
}

function isLater (opaque, incarnation, version) {
  return opaque.startsWith(`${incarnation}.`) && Number(opaque.slice(incarnation.length + 1)) > version
}

module.exports = Preconditions
