'use strict'

// Values that check themselves, as in native/test/pattern.hpp: every 8-byte word is the same counter.

/** @returns {Buffer} */
function pattern (length, counter) {
  const word = Buffer.alloc(8)
  word.writeBigUInt64LE(BigInt(counter))
  return Buffer.alloc(length, word)
}

/** The counter, or null where the value is torn. Of at least 8 bytes. */
function counterOf (bytes) {
  const whole = bytes.subarray(8).equals(bytes.subarray(0, bytes.length - 8))
  return whole ? bytes.readBigUInt64LE() : null
}

/** A counter that says the length too, so that the end of one value with the beginning of another shows. */
const lengthAnd = (length, counter) => BigInt(length) << 32n | BigInt(counter)

/** True where the value is one that `pattern(length, lengthAnd(length, ...))` made, whole. */
function isWhole (bytes) {
  const counter = counterOf(bytes)
  return counter !== null && counter >> 32n === BigInt(bytes.length)
}

module.exports = { pattern, counterOf, lengthAnd, isWhole }
