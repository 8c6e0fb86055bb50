'use strict'

const { createHash, timingSafeEqual } = require('node:crypto')

/** What bearer tokens may consist of (RFC 6750). */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i

/** What a token may be used for, by how lists of them call it. */
const ACCESSES = { 'read-only': 'read', 'read-write': 'write' }
/** And by how options do, which may be either. */
const OPTIONS = { read: 'read', write: 'write', ...ACCESSES }

/** @typedef {{ token: string, access: 'read' | 'write' }} Token `write` includes `read` */

/**
 * Reads a list of tokens: `read-write:TOKEN` and `read-only:TOKEN`, separated by spaces, commas or line ends; just `TOKEN` is
 * `read-write:TOKEN`.
 * @param {string} text
 * @returns {Token[] | null} null if it is none
 */
function parseTokens (text) {
  const tokens = text.split(/[\s,]+/).filter(entry => entry !== '').map(parseEntry)
  return tokens.includes(null) ? null : tokens
}

function parseEntry (entry) {
  const [, name = 'read-write', token] = /^(?:([^:]*):)?(.*)$/.exec(entry)
  return Object.hasOwn(ACCESSES, name) && TOKEN.test(token) ? { token, access: ACCESSES[name] } : null
}

/**
 * Reads a token as options have it.
 * @param {unknown} given
 * @returns {Token | null} null if it is none
 */
function readToken (given) {
  const { token, access } = given ?? {}
  return typeof token === 'string' && TOKEN.test(token) && Object.hasOwn(OPTIONS, access) ? { token, access: OPTIONS[access] } : null
}

/** The tokens that a server accepts. */
class Tokens {
  #known

  /** @param {Token[]} tokens */
  constructor (tokens) {
    this.#known = tokens.map(({ token, access }) => ({ digest: digestOf(token), access }))
  }

  /**
   * What the Authorization header of a request allows. It takes as long whatever the token is: all are compared, by digests of equal length.
   * @param {string | undefined} authorization
   * @returns {'read' | 'write' | null} null if nothing
   */
  accessOf (authorization) {
    const [, token] = BEARER.exec(authorization ?? '') ?? []
    if (token === undefined) return null
    const digest = digestOf(token)
    const accesses = this.#known.filter(known => timingSafeEqual(known.digest, digest)).map(({ access }) => access)
    return accesses.includes('write') ? 'write' : accesses[0] ?? null
  }
}

function digestOf (token) {
  return createHash('sha256').update(token).digest()
}

module.exports = { Tokens, parseTokens, readToken }
