'use strict'

// The segment of those who name none: opened at its first use, as the environment tells.

const { open } = require('./open')
const { integer, layout, semaphore } = require('./options')
const { parseReference } = require('./reference')
const { checkWatchOptions } = require('./watch')

const CLASSIC_KEY = 32140895

/** A number is a key, in decimal or hexadecimal; anything else is a name. */
function reference () {
  const text = process.env.SHM_KEY || String(CLASSIC_KEY)
  // What begins like a number is meant to be one.
  const key = /^(-?\d+$|0x)/i.test(text) ? Number(text) : text
  parseReference(key, 'SHM_KEY')
  return key
}

function openOptions () {
  const { SHM_CAPACITY, SHM_LAYOUT, SHM_SEMAPHORE } = process.env
  const kind = layout(SHM_LAYOUT || undefined, 'SHM_LAYOUT')
  return {
    capacity: SHM_CAPACITY ? integer('SHM_CAPACITY', Number(SHM_CAPACITY), 1, Number.MAX_SAFE_INTEGER) : undefined,
    layout: kind,
    // The classic format is a text.
    ...(kind === 'raw' && { nulTerminated: true, semaphore: semaphore(SHM_SEMAPHORE || undefined, 'SHM_SEMAPHORE') || undefined })
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

/** A watch of the segment that is there when it is asked for, which may have to be opened first. It ends with that segment. */
class DefaultWatch {
  #opening
  #over = false

  constructor (given) {
    this.#opening = this.#open(checkWatchOptions(given))
    this.#opening.catch(() => {}) // next() tells
  }

  async next () {
    return this.#over ? { value: undefined, done: true } : (await this.#opening).next()
  }

  async return (value) {
    this.#over = true
    await this.#opening.then(watch => watch.return(), () => {})
    return { value, done: true }
  }

  [Symbol.asyncIterator] () {
    return this
  }

  async [Symbol.asyncDispose] () {
    await this.return()
  }

  /** A read of nothing finds out whether the segment is the one that is there. */
  async #open ({ from, signal, spin }) {
    const { version } = await call('readInto', [new Uint8Array(0), { length: 0 }])
    const target = segment ?? await opened()
    return target.watch({ from: from ?? version, signal, spin })
  }
}

const watch = given => new DefaultWatch(given)
const read = given => call('read', [given])
const snapshot = given => call('snapshot', [given])
const readInto = (target, given) => call('readInto', [target, given])
const write = (data, given) => call('write', [data, given])
const update = (fn, given) => call('update', [fn, given])

module.exports = { read, snapshot, watch, readInto, write, update }
