'use strict'

const MEBIBYTE = 1024 * 1024

/** What is not said otherwise. */
const DEFAULTS = Object.freeze({
  timeout: 5000,
  hosts: [],
  tokens: [],
  rateLimit: 0,
  heartbeat: 15_000,
  maxCapacity: 64 * MEBIBYTE,
  maxBodyBytes: 256 * MEBIBYTE,
  maxAnswerBytes: 256 * MEBIBYTE,
  maxStreams: 1000,
  maxWrites: 1000
})

/**
 * The options of the plugin and of the application; index.d.ts describes them.
 * @param {import('..').Options} [given]
 */
function completeOptions (given = {}) {
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const { key = 32140895, ...segment } = given.segment ?? {}
  return { ...DEFAULTS, ...present, segment: { key, capacity: undefined, ...segment } }
}

module.exports = { completeOptions, DEFAULTS }
