'use strict'

// Typed arrays over the memory of a raw segment.

const { invalidType, outOfRange } = require('./errors')
const { integer } = require('./options')

const TypedArray = Object.getPrototypeOf(Uint8Array)
const isViewClass = type => type === DataView || (typeof type === 'function' && Object.prototype.isPrototypeOf.call(TypedArray, type))

/**
 * What is asked for, if it lies within so many bytes.
 * @param {number} capacity
 * @param {Function} type a class of typed arrays, DataView or Buffer
 * @param {number} offset in bytes
 * @param {number | undefined} length in elements; undefined: up to the end
 */
function checkView (capacity, type, offset, length) {
  if (!isViewClass(type)) throw invalidType('TypedArray', 'a class of typed arrays, DataView or Buffer', type)
  const bytes = type.BYTES_PER_ELEMENT ?? 1
  integer('offset', offset, 0, capacity)
  if (offset % bytes !== 0) throw outOfRange('offset', `a multiple of ${bytes}`, offset)
  const room = Math.floor((capacity - offset) / bytes)
  return { type, offset, length: length === undefined ? room : integer('length', length, 0, room) }
}

function viewOn (buffer, { type: Type, offset, length }) {
  return Type === Buffer ? Buffer.from(buffer, offset, length) : new Type(buffer, offset, length)
}

/** Segments by the buffers over their bytes. */
const segments = new WeakMap()

/** To be told of each buffer that views are made on. */
function remember (buffer, id) {
  segments.set(buffer, id)
}

/** What is to be written to a segment, apart from its own bytes: a copy does not find out that it runs into its source, mapped elsewhere. */
function apart (bytes, id) {
  return segments.get(bytes.buffer) === id ? Buffer.from(bytes) : bytes
}

module.exports = { apart, checkView, remember, viewOn }
