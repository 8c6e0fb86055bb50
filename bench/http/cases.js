'use strict'

const SIZES = { 64: '64 B', 2048: '2 KiB', 65536: '64 KiB', 1048576: '1 MiB' }

/** At least so much of the requests a second of the other. */
const BARS = { 'read-2048': 0.9, 'write-2048': 0.8 }

/**
 * @typedef {object} HttpCase
 * @property {string} id
 * @property {string} title
 * @property {number} size of the value, in bytes
 * @property {'GET' | 'POST'} method
 * @property {string} path
 * @property {string} peer the server to compare with
 * @property {number} [bar]
 */

const cases = (method, path, peer, title) => Object.entries(SIZES).map(([size, name]) => {
  const id = `${path.slice(1)}-${size}`
  return { id, title: `${method} ${path} of ${name} / ${title}`, size: Number(size), method, path, peer, bar: BARS[id] }
})

/** @type {HttpCase[]} */
module.exports = [
  ...cases('GET', '/read', 'constant', 'a constant Buffer'),
  ...cases('POST', '/write', 'memory', 'a value in process memory')
]
