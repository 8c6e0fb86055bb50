'use strict'

// Memory of results. That of large ones is used again, once V8 has collected who had it before: fresh memory costs more, in
// page faults, than the copy into it does.

const binding = require('./binding')

/** The lengths that the addon's pool of blocks has, as in native/addon/block_pool.hpp. */
const POOLED = { FROM: 64 * 1024, TO: 64 * 1024 * 1024 }
/** How often to look for blocks that nobody wants any more, in milliseconds. */
const REST = 2000

let timer

function drop () {
  binding.dropRested((failure, more) => { timer = more ? setTimeout(drop, REST).unref() : undefined })
}

/** A Buffer of any content. */
function allocate (length) {
  const pooled = length >= POOLED.FROM && length <= POOLED.TO ? binding.allocate(length) : undefined
  if (pooled === undefined) return Buffer.allocUnsafe(length)
  timer ??= setTimeout(drop, REST).unref()
  return Buffer.from(pooled)
}

/** The first bytes of a result for which too much was allocated. What its memory had before is nobody's business. */
function shorten (result, length) {
  return length === result.length ? result : result.fill(0, length).subarray(0, length)
}

module.exports = { allocate, shorten }
