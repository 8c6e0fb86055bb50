'use strict'

// The kinds of segments that the cases run over: a layout, and the kernel's objects that hold it. What a case needs of a column it
// says by the column's features (README.md); what it does to a segment behind everybody's back it does through the column.

const { uniqueKey, uniqueName } = require('../../helpers/keys')
const kernel = require('../../helpers/kernel')
const raw = require('../../helpers/raw')
const { remove } = require('../../helpers/segment')

const keyOf = ref => Number(ref.slice('key:'.length))

/** What all columns of System V objects have. `facts` are a driver's answer to `open`. */
const SYSTEM_V = {
  /** What `open` and `destroy` are given besides what a case gives. */
  options: options => options,

  /** What nobody else has, as `ref` of `open`. */
  reference: () => `key:${uniqueKey()}`,

  peek: ({ id }, offset, length) => raw.peek(Number(id), offset, length),
  poke: ({ id }, offset, bytes) => raw.poke(Number(id), offset, bytes),
  wake: ({ id }, offset) => raw.wake(Number(id), offset),

  /** A zero-filled segment that no implementation has made, and nothing beside it. */
  async make (t, bytes, key = uniqueKey()) {
    const id = await raw.make(key, bytes)
    t.teardown(() => raw.removeSegment(id))
    return { ref: `key:${key}`, id }
  },

  /** The semaphore sets under the key, as the kernel tells of them. */
  sets: ref => kernel.under(keyOf(ref)).sets
}

const CELL_SYSTEM_V = {
  ...SYSTEM_V,
  name: 'cell, System V',
  features: ['lengths', 'versions', 'facts', 'checksum', 'names', 'locks', 'freeReads', 'notify', 'header'],

  named: (name = uniqueName()) => `name:${name}`,

  /** Whatever is there under the reference, and whoever made it, is removed. */
  remove: ref => remove(ref.startsWith('key:') ? keyOf(ref) : ref.slice('name:'.length))
}

/** Bytes that other programs use as they are. */
const RAW_SYSTEM_V = {
  ...SYSTEM_V,
  name: 'raw, System V',
  features: ['locks', 'bytes'],
  options: options => ({ ...options, layout: 'raw' }),
  remove: ref => remove(keyOf(ref), 'raw')
}

/** A text, with a NUL behind it, takes one byte more. */
const TEXT_SYSTEM_V = {
  ...RAW_SYSTEM_V,
  name: 'raw text, System V',
  features: ['lengths', 'locks'],
  options: ({ capacity, ...options }) => ({ ...options, layout: 'raw', nul: true, capacity: capacity && capacity + 1 })
}

const COLUMNS = [CELL_SYSTEM_V, RAW_SYSTEM_V, TEXT_SYSTEM_V]

module.exports = { COLUMNS }
