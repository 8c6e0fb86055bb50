'use strict'

// Loaded before a suite that is about both kinds of shared memory, to run it over POSIX's: what calls a segment by key, name or id
// calls one in /dev/shm by it, and hears of it as it called it. Nothing else changes.

const fs = require('node:fs')
const { mappings } = require('./kernel')
const { isPosix, keyOfPosixName, nameOfInode, pathOf, posixNameOf, uniquePosixName } = require('./memory')

if (isPosix) {
  // In this order: each takes what it needs of those before it when it is loaded.
  const errors = require('../../js/errors')
  const { fromFailure } = errors
  errors.fromFailure = (failure, context) => called(fromFailure(failure, context), context.name)
  const { PRIVATE } = require('../../js/reference')
  const opening = require('../../js/open')
  const { open, list, destroy } = opening

  const standIn = reference => {
    if (reference === PRIVATE) return uniquePosixName()
    if (typeof reference === 'number') return posixNameOf(reference)
    return typeof reference === 'string' ? `/${reference}` : nameOfInode(reference.id) ?? uniquePosixName()
  }
  const withPosix = options => options === undefined || (options !== null && typeof options === 'object') ? { ...options, posix: true } : options

  opening.open = async (reference, options) => {
    const segment = await open(standIn(reference), withPosix(options))
    const { name } = segment
    const id = inodeOf(name)
    const stat = segment.stat.bind(segment)
    segment.stat = async () => called({ ...await stat(), id, attached: mappings(id) }, name)
    return called(Object.assign(segment, { id }), name)
  }
  opening.list = async options => (await list(options)).map(info => info.posix ? called({ ...info, id: inodeOf(info.name) }, info.name) : info)
  opening.destroy = async (reference, options) => destroy(standIn(reference), withPosix(options))
}

const inodeOf = name => fs.statSync(pathOf(name), { throwIfNoEntry: false })?.ino ?? null

/** By its key, or its name without the slash. */
function called (thing, posixName) {
  const key = keyOfPosixName(posixName ?? '')
  if (key !== undefined) thing.key = key
  if ('capacity' in thing) thing.name = key === undefined ? posixName.slice(1) : null
  return thing
}
