'use strict'

const ONE_RANGE = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i

/** What a request asks for lies beyond the end. */
const UNSATISFIABLE = Symbol('unsatisfiable')

/**
 * The part of a value that a request asks for (RFC 9110, 14.2).
 * @param {string | undefined} header Range
 * @param {number} length of the value
 * @returns {{ start: number, end: number } | typeof UNSATISFIABLE | null} from `start` to before `end`; null where all of it is to be
 *   sent: no range, several of them, another unit, nonsense
 */
function rangeOf (header, length) {
  const [, first, last] = ONE_RANGE.exec(header ?? '') ?? []
  if (first === undefined || (first === '' && last === '')) return null
  if (first === '') return partOf(Math.max(0, length - Number(last)), length, length)
  if (last !== '' && Number(last) < Number(first)) return null
  return partOf(Number(first), last === '' ? length : Math.min(length, Number(last) + 1), length)
}

function partOf (start, end, length) {
  return start < length ? { start, end } : UNSATISFIABLE
}

module.exports = { rangeOf, UNSATISFIABLE }
