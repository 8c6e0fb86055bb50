'use strict'

// The counts kept in limits.json, and what may differ from them. Those of our own machine code depend on the compiler, those of
// the whole process on Node.js; each is kept under the name of what it was counted with, and compared with nothing else.

const fs = require('node:fs')

/** A fraction over the kept count that is no failure. Own counts repeat to the instruction; V8's and the C library's do not. */
const TOLERANCE = { own: 0.03, all: 0.1 }

/** @param {string} object the path of a program or addon @returns {string} what compiled it, 'x64 gcc 12' */
function compilerOf (object) {
  const text = fs.readFileSync(object, 'latin1')
  // Of clang's programs, the C library's start-up code tells of GCC as well.
  const [, major] = /clang version (\d+)/.exec(text) ?? []
  if (major !== undefined) return `${process.arch} clang ${major}`
  return `${process.arch} gcc ${/GCC: \([^)]*\) (\d+)/.exec(text)?.[1] ?? 'unknown'}`
}

const runtime = () => `${process.arch} node ${process.versions.node.split('.')[0]}`

/**
 * @typedef {object} Finding
 * @property {string} name of the subject
 * @property {'own' | 'all'} kind
 * @property {number} count
 * @property {number} [limit] what was kept; without it there is nothing to compare with
 * @property {boolean} over
 */

/**
 * @param {import('./count').Count[]} counts
 * @param {Record<string, Record<string, number>>} limits the contents of limits.json
 * @param {{ own: string, all: string }} keys under which to look for the limits of each kind
 * @returns {Finding[]}
 */
function compare (counts, limits, keys) {
  return counts.flatMap(({ name, ...count }) => Object.keys(TOLERANCE).map(kind => {
    const limit = limits[keys[kind]]?.[name]
    return { name, kind, count: count[kind], limit, over: limit !== undefined && count[kind] > limit * (1 + TOLERANCE[kind]) }
  }))
}

/** The limits with these counts in place of what they had for the same subjects. */
function updated (limits, counts, keys) {
  const result = structuredClone(limits)
  for (const kind of Object.keys(TOLERANCE)) {
    result[keys[kind]] = { ...result[keys[kind]], ...Object.fromEntries(counts.map(count => [count.name, count[kind]])) }
  }
  return result
}

module.exports = { compare, updated, compilerOf, runtime, TOLERANCE }
