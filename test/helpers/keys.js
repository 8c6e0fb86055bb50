'use strict'

// Keys and names that nobody else has. The keys of this suite, of its names too, lie in a range of their own, so that what a
// test leaves behind can be told from other programs' objects.

const { randomBytes, randomInt } = require('node:crypto')

/** The first byte of every key, but for its highest bit. */
const RANGE = 0x5e

/** @param {number} key signed or unsigned */
const isOurs = key => ((key >>> 24) & 0x7f) === RANGE

function uniqueKey () {
  return RANGE * 2 ** 24 + randomInt(2 ** 24)
}

/** The 32-bit FNV-1a hash, going on from the hash of what comes before. */
function fnv1a (text, hash = 0x811c9dc5) {
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash
}

/** The key of a name, as a signed int. */
const keyOf = name => fnv1a(name) || 1

/** Names whose keys are in our range: one in 128. */
function * names () {
  const stem = `t-${randomBytes(6).toString('hex')}-`
  const hash = fnv1a(stem)
  for (let i = 0; ; i++) {
    const tail = i.toString(36)
    if (isOurs(fnv1a(tail, hash))) yield stem + tail
  }
}

const uniqueName = () => names().next().value

/** One of exactly so many bytes. */
function uniqueNameOf (length) {
  for (;;) {
    const name = `t-${randomBytes(8).toString('hex')}`.padEnd(length, '-')
    if (isOurs(fnv1a(name))) return name
  }
}

/** Two names with one key. Among 2^25 keys some 7,000 names have such a pair. */
function collidingNames () {
  const byKey = new Map()
  for (const name of names()) {
    const key = keyOf(name)
    if (byKey.has(key)) return [byKey.get(key), name]
    byKey.set(key, name)
  }
}

module.exports = { isOurs, fnv1a, keyOf, uniqueKey, uniqueName, uniqueNameOf, collidingNames }
