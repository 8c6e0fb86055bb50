'use strict'

// Views and buffers of all kinds as the Uint8Array that the addon takes. Lengths come from the objects' internal slots, not
// from properties that somebody may have put over them.

const { isAnyArrayBuffer, isDataView, isSharedArrayBuffer } = require('node:util/types')
const { invalidType, invalidValue } = require('./errors')

/** Up to here data is copied while the caller waits: 64 KiB take some 3 microseconds. */
const COPY_LIMIT = 64 * 1024

const getter = (prototype, name) => {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name)
  return object => get.call(object)
}
const typedArray = Object.getPrototypeOf(Uint8Array.prototype)
const facts = {
  typed: { buffer: getter(typedArray, 'buffer'), offset: getter(typedArray, 'byteOffset'), length: getter(typedArray, 'byteLength') },
  dataView: { buffer: getter(DataView.prototype, 'buffer'), offset: getter(DataView.prototype, 'byteOffset'), length: getter(DataView.prototype, 'byteLength') }
}

const lengths = { owned: getter(ArrayBuffer.prototype, 'byteLength'), shared: getter(SharedArrayBuffer.prototype, 'byteLength') }
const resizable = getter(ArrayBuffer.prototype, 'resizable')

/** Shared memory may grow, but it never shrinks. */
const isResizable = buffer => !isSharedArrayBuffer(buffer) && resizable(buffer)

/** Throws a TypeError for a typed array whose buffer was given away, or has shrunk below it. */
const validate = array => typedArray.keys.call(array)

/** Memory that is gone leaves empty views behind: not what anybody means to write. */
function refuseGone (attempt, data, argument) {
  try {
    return attempt()
  } catch {
    throw invalidValue(argument, 'must not be detached or out of bounds', data)
  }
}

function ofView (view, argument) {
  const { buffer, offset, length } = isDataView(view) ? facts.dataView : facts.typed
  const bytes = refuseGone(() => length(view), view, argument)
  if (bytes === 0 && !isDataView(view)) refuseGone(() => validate(view), view, argument)
  return new Uint8Array(buffer(view), offset(view), bytes)
}

/** All of a buffer, of the length that it has now: a view without one would grow along. */
function ofBuffer (buffer, argument) {
  const bytes = isSharedArrayBuffer(buffer) ? lengths.shared(buffer) : lengths.owned(buffer)
  return refuseGone(() => new Uint8Array(buffer, 0, bytes), buffer, argument)
}

/** The memory of a view or buffer, not a copy. */
function viewOf (data, argument) {
  if (ArrayBuffer.isView(data)) return ofView(data, argument)
  if (isAnyArrayBuffer(data)) return ofBuffer(data, argument)
  throw invalidType(argument, 'a Buffer, an ArrayBufferView, an ArrayBuffer or a SharedArrayBuffer', data)
}

function copyOf (view) {
  const copy = Buffer.allocUnsafe(view.length)
  copy.set(view)
  return copy
}

/** The bytes to write for a call that is over when it returns. */
function bytesToWriteNow (data) {
  if (typeof data === 'string') return Buffer.from(data)
  if (ArrayBuffer.isView(data) || isAnyArrayBuffer(data)) return viewOf(data, 'data')
  throw invalidType('data', 'a string, a Buffer, an ArrayBufferView, an ArrayBuffer or a SharedArrayBuffer', data)
}

/**
 * The bytes to write, to be read on another thread later: copied if they are few, or could be taken away by a resize.
 * @param {import('..').Data} data
 * @returns {Uint8Array}
 */
function bytesToWrite (data) {
  const view = bytesToWriteNow(data)
  if (typeof data === 'string') return view
  return view.length <= COPY_LIMIT || isResizable(view.buffer) ? copyOf(view) : view
}

/** The bytes to write from memory that the caller gives away: for `taken`, once nothing else stands in the way. */
function bytesToTake (data) {
  const view = bytesToWriteNow(data)
  if (typeof data === 'string' || isSharedArrayBuffer(view.buffer)) throw invalidValue('data', 'must be in an ArrayBuffer to be transferred', data)
  if (view.length !== lengths.owned(view.buffer)) throw invalidValue('data', 'must be all of its ArrayBuffer to be transferred', data)
  return view
}

/** The same bytes, in memory that nobody else has from now on. */
function taken ({ buffer }) {
  const memory = transferred(buffer)
  // What cannot be transferred is copied, or refused: releases of Node.js differ.
  if (memory === undefined || lengths.owned(buffer) !== 0) throw invalidValue('data', 'must not be in memory that cannot be transferred', buffer)
  return new Uint8Array(memory)
}

/** Memory that another thread will write to must not go away meanwhile. */
function lasting (view) {
  if (isResizable(view.buffer)) throw invalidValue('target', 'must not be resizable', view)
  return view
}

/** No more of a target than the range has. */
function within (view, range) {
  return range === undefined || range.length >= view.length ? view : view.subarray(0, range.length)
}

function transferred (buffer) {
  try {
    return structuredClone(buffer, { transfer: [buffer] })
  } catch {
    return undefined
  }
}

module.exports = { viewOf, lasting, within, bytesToWrite, bytesToWriteNow, bytesToTake, taken }
