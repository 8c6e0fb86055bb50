'use strict'

// The kinds of segments that the cases run over: a layout, and the kernel's objects that hold it. What a case needs of a column it
// says by the column's features (README.md); what it does to a segment behind everybody's back it does through the column.

const { uniqueKey, uniqueName } = require('../../helpers/keys')
const kernel = require('../../helpers/kernel')
const raw = require('../../helpers/raw')
const { remove } = require('../../helpers/segment')

/** A cell in System V memory. `facts` are a driver's answer to `open`. */
const CELL_SYSTEM_V = {
  name: 'cell, System V',
  features: ['lengths', 'versions', 'facts', 'checksum', 'names', 'locks', 'notify', 'header'],
  /** For every `open`. */
  options: {},

  /** What nobody else has, as `ref` of `open`. */
  reference: () => `key:${uniqueKey()}`,
  named: (name = uniqueName()) => `name:${name}`,

  /** Whatever is there under the reference, and whoever made it, is removed. */
  remove: async ref => {
    const [kind, value] = ref.split(':')
    await remove(kind === 'key' ? Number(value) : value)
  },

  peek: ({ id }, offset, length) => raw.peek(Number(id), offset, length),
  poke: ({ id }, offset, bytes) => raw.poke(Number(id), offset, bytes),
  wake: ({ id }, offset) => raw.wake(Number(id), offset),

  /** A zero-filled segment that no implementation has made, and nothing beside it. */
  async make (t, bytes, key = uniqueKey()) {
    const id = await raw.make(key, bytes)
    t.teardown(() => raw.removeSegment(id))
    return { ref: `key:${key}`, id }
  },

  /** How many semaphore sets are under the key. */
  sets: ref => kernel.under(Number(ref.split(':')[1])).sets.length
}

const COLUMNS = [CELL_SYSTEM_V]

module.exports = { COLUMNS }
