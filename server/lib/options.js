'use strict'

const { isIP } = require('node:net')
const { readToken } = require('./tokens')

const MEBIBYTE = 1024 * 1024
const HOST_NAME = /^[a-z0-9._-]+$/i

/** What is not said otherwise. */
const DEFAULTS = Object.freeze({
  timeout: 5000,
  hosts: [],
  tokens: [],
  rateLimit: 0,
  heartbeat: 15_000,
  maxCapacity: 64 * MEBIBYTE,
  maxAnswerBytes: 256 * MEBIBYTE,
  maxStreams: 1000,
  maxWrites: 1000
})

const milliseconds = [integerOf(1, 2 ** 31 - 1), 'milliseconds, 1 to 2147483647']
const bytes = [integerOf(1, Number.MAX_SAFE_INTEGER), 'a count of bytes, 1 or more']
const count = [integerOf(1, 1_000_000), 'an integer of 1 to 1000000']

/** What each option must be, and how that is said. */
const CHECKS = {
  segment: [value => typeof value === 'object' && value !== null, 'an object'],
  timeout: milliseconds,
  hosts: [value => value === 'any' || (Array.isArray(value) && value.every(isHost)), "'any', or a list of names and addresses without ports"],
  tokens: [value => Array.isArray(value) && value.every(token => readToken(token) !== null), "a list of { token, access }, with access 'read' (read-only) or 'write' (read-write), and tokens of A-Z a-z 0-9 - . _ ~ + / and = at the end"],
  rateLimit: [integerOf(0, 1_000_000), 'an integer of 0 to 1000000'],
  heartbeat: milliseconds,
  maxCapacity: bytes,
  maxBodyBytes: bytes,
  maxAnswerBytes: bytes,
  maxStreams: count,
  maxWrites: count
}

/**
 * The options of the plugin and of the application; index.d.ts describes them.
 * @param {import('..').Options} [given]
 * @throws {TypeError} if one is not what it must be: a mistake here must not let in who should stay out
 */
function completeOptions (given = {}) {
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  for (const [name, value] of Object.entries(present)) check(name, value)
  const options = { ...DEFAULTS, ...present }
  const { key = 32140895, ...segment } = given.segment ?? {}
  return { ...options, tokens: options.tokens.map(readToken), segment: { key, capacity: undefined, ...segment } }
}

function check (name, value) {
  if (!Object.hasOwn(CHECKS, name)) throw new TypeError(`there is no option '${name}', only ${Object.keys(CHECKS).join(', ')}`)
  const [isRight, description] = CHECKS[name]
  if (!isRight(value)) throw new TypeError(`the option '${name}' must be ${description}`)
}

function integerOf (least, most) {
  return value => Number.isSafeInteger(value) && value >= least && value <= most
}

/** A name or an address, with or without the brackets that an address of IPv6 has in a URL. */
function isHost (host) {
  return typeof host === 'string' && (HOST_NAME.test(host) || isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0)
}

module.exports = { completeOptions, isHost, DEFAULTS }
