'use strict'

// Which segment is meant, as the addon takes it, and how messages call it.

const { integer } = require('./options')
const { invalidType, invalidValue } = require('./errors')

/** Stands for IPC_PRIVATE. */
const PRIVATE = Symbol('shmnode.PRIVATE')

const NAME = /^[A-Za-z0-9._-]{1,63}$/
/** Of POSIX shared memory: a file in /dev/shm. */
const POSIX_NAME = /^\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,62}$/
const LEAST_INT = -(2 ** 31)
const MOST_UINT = 2 ** 32 - 1

/** The 32-bit FNV-1a hash of the name as a signed int, 1 in place of 0. */
function keyOf (name) {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return hash | 0 || 1
}

function byName (name, argument = 'name') {
  if (POSIX_NAME.test(name)) throw invalidValue(argument, 'must not begin with a slash: POSIX shared memory is opened with { posix: true }', name)
  if (!NAME.test(name)) throw invalidValue(argument, 'must be 1 to 63 of the characters A-Z a-z 0-9 . _ -', name)
  return { target: { name }, label: `segment '${name}'`, name, key: keyOf(name) }
}

/** `lockKey` is the key of its semaphores. */
function byPosixName (name) {
  if (typeof name !== 'string') throw invalidValue('options.posix', 'must not be true unless the segment has a name: POSIX shared memory has no keys and ids', true)
  if (!POSIX_NAME.test(name)) throw invalidValue('name', "must be a '/' and 1 to 62 of the characters A-Z a-z 0-9 . _ -", name)
  return { target: { posixName: name }, label: `segment '${name}'`, name, lockKey: keyOf(name) }
}

/** Keys are signed ints; who writes them in hexadecimal may have them unsigned. */
function byKey (key, argument = 'key') {
  const signed = integer(argument, key, LEAST_INT, MOST_UINT) | 0
  if (signed === 0) throw invalidValue(argument, 'must not be 0, which is IPC_PRIVATE: open(PRIVATE) makes a segment without a key', key)
  return { target: { key: signed }, label: `segment ${signed}`, key: signed }
}

function byPath (ftok) {
  if (!Array.isArray(ftok) || ftok.length !== 2) throw invalidType('ftok', 'an array [path, projectId]', ftok)
  const [path, projectId] = ftok
  if (typeof path !== 'string') throw invalidType('path', 'of type string', path)
  if (path === '' || path.includes('\0')) throw invalidValue('path', 'must be a path without NUL', path)
  integer('projectId', projectId, 1, 255)
  return { target: { path, projectId }, label: `segment of ftok('${path}', ${projectId})` }
}

function byId (id) {
  integer('id', id, 0, 2 ** 31 - 1)
  return { target: { id }, label: `segment with id ${id}` }
}

/**
 * @param {string | number | { ftok: [string, number] } | { id: number } | typeof PRIVATE} reference
 * @param {{ argument?: string, posix?: boolean }} [options] what messages call it, where it came from somewhere else; whether it is
 *   the name of POSIX shared memory
 * @returns {{ target: object, label: string, key?: number, name?: string, lockKey?: number }}
 */
function parseReference (reference, { argument, posix = false } = {}) {
  if (posix) return byPosixName(reference)
  if (typeof reference === 'string') return byName(reference, argument)
  if (typeof reference === 'number') return byKey(reference, argument)
  if (reference === PRIVATE) return { target: {}, label: 'private segment' }
  if (reference !== null && typeof reference === 'object') {
    if ('ftok' in reference) return byPath(reference.ftok)
    if ('id' in reference) return byId(reference.id)
  }
  throw invalidType('reference', 'a name, a key, { ftok: [path, projectId] }, { id } or PRIVATE', reference)
}

module.exports = { parseReference, PRIVATE }
