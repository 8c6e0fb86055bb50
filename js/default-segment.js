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

/** Whoever destroyed it, the next call opens it anew. */
function forgetIfDestroyed (error, of) {
  if (error?.code === 'ERR_SHM_DESTROYED' && segment === of) {
    segment = null
    of.close()
  }
  throw error
}

async function opened () {
  opening ??= open(reference(), openOptions())
  try {
    segment = await opening
    return segment
  } finally {
    opening = null
  }
}

async function call (method, args) {
  const target = segment ?? await opened()
  try {
    return await target[method](...args)
  } catch (error) {
    return forgetIfDestroyed(error, target)
  }
}

const read = given => call('read', [given])
const snapshot = given => call('snapshot', [given])
const readInto = (target, given) => call('readInto', [target, given])
const write = (data, given) => call('write', [data, given])
const update = (fn, given) => call('update', [fn, given])

module.exports = { read, snapshot, readInto, write, update }
