'use strict'

const { isUtf8 } = require('node:buffer')
const { setImmediate: nextTurn } = require('node:timers/promises')
const JsonCheck = require('./json-check')

/** So much takes a millisecond or two: others have their turn after it. */
const SLICE = 256 * 1024
const LONGEST_CHARACTER = 4

/** One slice a turn, however many bodies are being checked: each waits for the one that came before. */
let turn = Promise.resolve()

/**
 * Whether a body is a text in JSON that sets no prototype, found out while the loop serves others.
 * @param {Buffer} bytes
 * @param {() => boolean} isWanted asked before each slice: false ends this
 * @returns {Promise<boolean>}
 */
async function checkJson (bytes, isWanted) {
  const check = new JsonCheck(bytes)
  const { length } = bytes
  for (let at = 0; at < length;) {
    const end = endOfSlice(bytes, at)
    if (at > 0) await (turn = turn.then(() => nextTurn()))
    if (!isWanted()) return false
    if (!isUtf8(bytes.subarray(at, end)) || !check.advance(end)) return false
    at = end
  }
  return check.isWhole
}

/** Not within a character. */
function endOfSlice (bytes, begin) {
  let end = Math.min(begin + SLICE, bytes.length)
  for (let i = 1; i < LONGEST_CHARACTER && isContinuation(bytes[end]); i++) end--
  return end
}

function isContinuation (byte) {
  return (byte & 0xc0) === 0x80
}

module.exports = checkJson
