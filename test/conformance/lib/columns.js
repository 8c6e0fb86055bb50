'use strict'

// The kinds of segments that the cases run over: a layout, and the kernel's objects that hold it. What a case needs of a column it
// says by the column's features (README.md); what it does to a segment behind everybody's back it does through the column.

const fs = require('node:fs')
const { uniqueKey, uniqueName, keyOf: keyOfName } = require('../../helpers/keys')
const kernel = require('../../helpers/kernel')
const { nameOfInode, pathOf, uniquePosixName } = require('../../helpers/memory')
const raw = require('../../helpers/raw')
const { remove } = require('../../helpers/segment')

const valueOf = ref => ref.slice(ref.indexOf(':') + 1)
const keyOf = ref => Number(valueOf(ref))

/** What all columns of System V objects have. `facts` are a driver's answer to `open`. */
const SYSTEM_V = {
  /** What `open` and `destroy` are given besides what a case gives. */
  options: options => options,

  /** What nobody else has, as `ref` of `open`. */
  reference: () => `key:${uniqueKey()}`,

  peek: ({ id }, offset, length) => raw.peek(Number(id), offset, length),
  poke: ({ id }, offset, bytes) => raw.poke(Number(id), offset, bytes),
  wake: ({ id }, offset) => raw.wake(Number(id), offset),
  /** What another program finds it by: a shmid, or a path. */
  place: ({ id }) => id,

  /** A zero-filled segment that no implementation has made, and nothing beside it. */
  async make (t, bytes, key = uniqueKey()) {
    const id = await raw.make(key, bytes)
    t.teardown(() => raw.removeSegment(id))
    return { ref: `key:${key}`, id }
  },

  /** What `shm.open` takes for it: reference and options. */
  toOpen: ref => [ref.startsWith('key:') ? keyOf(ref) : valueOf(ref), {}],

  /** The semaphore sets under the key, as the kernel tells of them. */
  sets: ref => kernel.under(keyOf(ref)).sets
}

/** What all columns of files in /dev/shm have, which drivers call `posix:/NAME`; their `id` is the inode's. */
const POSIX = {
  options: options => options,
  reference: () => `posix:${uniquePosixName()}`,

  peek: ({ id }, offset, length) => raw.peekFile(Number(id), offset, length),
  poke: ({ id }, offset, bytes) => raw.pokeFile(Number(id), offset, bytes),
  wake: ({ id }, offset) => raw.wakeFile(Number(id), offset),
  place: ({ id }) => pathOf(nameOfInode(Number(id))),

  async make (t, bytes, name = uniquePosixName()) {
    fs.writeFileSync(pathOf(name), Buffer.alloc(bytes), { flag: 'wx', mode: 0o600 })
    t.teardown(() => fs.unlinkSync(pathOf(name)))
    return { ref: `posix:${name}`, id: fs.statSync(pathOf(name)).ino }
  },

  toOpen: ref => [valueOf(ref), { posix: true }],
  sets: ref => kernel.sets().filter(({ key }) => key === keyOfName(valueOf(ref)))
}

const CELL_SYSTEM_V = {
  ...SYSTEM_V,
  name: 'cell, System V',
  features: ['lengths', 'versions', 'facts', 'checksum', 'names', 'locks', 'freeReads', 'notify', 'header', 'blank', 'ids'],

  named: (name = uniqueName()) => `name:${name}`,

  /** Whatever is there under the reference, and whoever made it, is removed. */
  remove: ref => remove(ref.startsWith('key:') ? keyOf(ref) : valueOf(ref))
}

const CELL_POSIX = {
  ...POSIX,
  name: 'cell, POSIX',
  features: ['lengths', 'versions', 'facts', 'checksum', 'locks', 'freeReads', 'notify', 'header', 'files'],
  named: () => `posix:${uniquePosixName()}`,
  remove: ref => remove(valueOf(ref), 'cell', true)
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

const RAW_POSIX = {
  ...POSIX,
  name: 'raw, POSIX',
  features: RAW_SYSTEM_V.features,
  options: RAW_SYSTEM_V.options,
  remove: ref => remove(valueOf(ref), 'raw', true)
}

const TEXT_POSIX = { ...RAW_POSIX, name: 'raw text, POSIX', features: TEXT_SYSTEM_V.features, options: TEXT_SYSTEM_V.options }

const COLUMNS = [CELL_SYSTEM_V, RAW_SYSTEM_V, TEXT_SYSTEM_V, CELL_POSIX, RAW_POSIX, TEXT_POSIX]

module.exports = { COLUMNS }
