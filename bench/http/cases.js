'use strict'

const SIZES = { 64: '64 B', 2048: '2 KiB', 65536: '64 KiB', 1048576: '1 MiB' }

/** Where there is a bar. */
const USUAL = 2048

/**
 * @typedef {object} HttpCase
 * @property {string} id
 * @property {string} title
 * @property {number} size of the value, in bytes
 * @property {'GET' | 'POST'} method
 * @property {string} path
 * @property {string} peer the server to compare with
 * @property {boolean} [isBare] that one has none of our server's options: no time-outs, no logger
 * @property {number} [bar] at least so much of the requests a second of the other
 */

function cases (method, path, peer, title, usualBar) {
  const common = { method, path, peer }
  const all = Object.entries(SIZES).map(([size, name]) => {
    return { id: `${path.slice(1)}-${size}`, title: `${method} ${path} of ${name} / ${title}`, size: Number(size), bar: Number(size) === USUAL ? usualBar : undefined, ...common }
  })
  const usual = all.find(({ size }) => size === USUAL)
  return [...all, { ...usual, id: `${usual.id}-bare`, title: `${usual.title}, bare`, isBare: true }]
}

/** @type {HttpCase[]} */
module.exports = [
  ...cases('GET', '/read', 'constant', 'a constant Buffer', 0.9),
  ...cases('POST', '/write', 'memory', 'a value in process memory', 0.8)
]
