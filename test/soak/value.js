'use strict'

const { createHash, randomBytes } = require('node:crypto')

const DIGEST = 32

/** Random bytes behind their digest: one that is torn gives itself away. */
function makeValue (length) {
  const rest = randomBytes(Math.max(0, length - DIGEST))
  return Buffer.concat([digestOf(rest), rest])
}

function isWhole (value) {
  return value.length >= DIGEST && value.subarray(0, DIGEST).equals(digestOf(value.subarray(DIGEST)))
}

const digestOf = bytes => createHash('sha256').update(bytes).digest()

module.exports = { makeValue, isWhole }
