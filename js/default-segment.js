'use strict'

// The segment of those who name none: opened at its first use, as the environment tells.

const { open } = require('./open')
const { integer } = require('./options')

const CLASSIC_KEY = 32140895

/** A number is a key, in decimal or hexadecimal; anything else is a name. */
function reference () {
  const key = process.env.SHM_KEY || String(CLASSIC_KEY)
  return /^(-?\d+|0x[0-9a-f]+)$/i.test(key) ? Number(key) : key
}

function openOptions () {
  const { SHM_CAPACITY, SHM_LAYOUT } = process.env
  return {
    capacity: SHM_CAPACITY ? integer('SHM_CAPACITY', Number(SHM_CAPACITY), 1, Number.MAX_SAFE_INTEGER) : undefined,
    layout: SHM_LAYOUT || undefined
  }
}

let opening = null
let segment = null

function forget (destroyed) {
  if (segment !== destroyed) return
  segment = null
  destroyed.close()
}

/** Closing a destroyed one was our doing: for the calls that it met, the segment was destroyed too. */
const isGone = (error, of) => error?.code === 'ERR_SHM_DESTROYED' || (error?.code === 'ERR_SHM_CLOSED' && segment !== of)

async function opened () {
  opening ??= open(reference(), openOptions())
  try {
    segment = await opening
    return segment
  } finally {
    opening = null
  }
}

/** Whoever destroyed the segment, a call goes to the one that takes its place. */
async function call (method, args) {
  const target = segment ?? await opened()
  try {
    return await target[method](...args)
  } catch (error) {
    if (!isGone(error, target)) throw error
    forget(target)
    // The data that it had is gone too.
    if (args[1]?.transfer) throw error
  }
  const successor = segment ?? await opened()
  return successor[method](...args)
}

const read = given => call('read', [given])
const snapshot = given => call('snapshot', [given])
const readInto = (target, given) => call('readInto', [target, given])
const write = (data, given) => call('write', [data, given])
const update = (fn, given) => call('update', [fn, given])

module.exports = { read, snapshot, readInto, write, update }
