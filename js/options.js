'use strict'

// Checks what people pass. Everything that leaves here is complete, of the right type and in range.

const { invalidType, invalidValue, outOfRange } = require('./errors')

const DEFAULT_TIMEOUT = 5000
const DEFAULT_MAX_PENDING = 10_000
/** Of media types in the layout, in bytes. */
const MEDIA_TYPE_LENGTH = 63
/** Of POSIX semaphores' names, in bytes. */
const SEMAPHORE_LENGTH = 251

const none = Object.freeze({ __proto__: null })

/** The options object itself, or an empty one. */
function object (options) {
  if (options === undefined) return none
  if (options === null || typeof options !== 'object') throw invalidType('options', 'of type object', options)
  return options
}

function integer (name, value, least, most) {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value)
  if (!Number.isInteger(value) || value < least || value > most) throw outOfRange(name, `an integer >= ${least} and <= ${most}`, value)
  return value
}

function boolean (name, value, otherwise) {
  if (value === undefined) return otherwise
  if (typeof value !== 'boolean') throw invalidType(name, 'of type boolean', value)
  return value
}

/** Whether POSIX shared memory is meant. */
function posix ({ posix }) {
  return boolean('options.posix', posix, false)
}

/** Milliseconds, Infinity included. */
function timeout ({ timeout }) {
  if (timeout === undefined) return DEFAULT_TIMEOUT
  if (typeof timeout !== 'number') throw invalidType('options.timeout', 'of type number', timeout)
  if (!(timeout >= 0)) throw outOfRange('options.timeout', '>= 0', timeout)
  return timeout
}

/** An AbortSignal that has not aborted, or undefined. Throws the reason of one that has. */
function signal ({ signal }) {
  if (signal === undefined) return undefined
  if (!(signal instanceof AbortSignal)) throw invalidType('options.signal', 'an instance of AbortSignal', signal)
  signal.throwIfAborted()
  return signal
}

/** A part of the value, or undefined where all of it is meant. */
function range ({ offset, length }) {
  if (offset === undefined && length === undefined) return undefined
  return {
    offset: offset === undefined ? 0 : integer('options.offset', offset, 0, Number.MAX_SAFE_INTEGER),
    length: length === undefined || length === Infinity ? Infinity : integer('options.length', length, 0, Number.MAX_SAFE_INTEGER)
  }
}

function mediaType (value) {
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw invalidType('options.mediaType', 'of type string', value)
  if (!/^[\x20-\x7e]+$/.test(value) || value.length > MEDIA_TYPE_LENGTH) {
    throw invalidValue('options.mediaType', `must be 1 to ${MEDIA_TYPE_LENGTH} printable ASCII characters`, value)
  }
  return value
}

/** The version that a write depends on, or -1. */
function ifVersion (value) {
  return value === undefined ? -1 : integer('options.ifVersion', value, 0, Number.MAX_SAFE_INTEGER)
}

function owner (value) {
  if (value === undefined) return { ownerAny: false, ownerUid: -1 }
  if (value === 'any') return { ownerAny: true, ownerUid: -1 }
  if (typeof value === 'string') throw invalidValue('options.owner', "must be a uid or 'any'", value)
  return { ownerAny: false, ownerUid: integer('options.owner', value, 0, 2 ** 32 - 2) }
}

function layout (value = 'cell', argument = 'options.layout') {
  if (value !== 'cell' && value !== 'raw') throw invalidValue(argument, "must be 'cell' or 'raw'", value)
  return value
}

/** The name of a POSIX semaphore, or '' where there is none. */
function semaphore (value, argument = 'options.semaphore') {
  if (value === undefined) return ''
  if (typeof value !== 'string') throw invalidType(argument, 'of type string', value)
  if (!/^\/[^/\0]+$/.test(value) || Buffer.byteLength(value) > SEMAPHORE_LENGTH) {
    throw invalidValue(argument, `must be a '/' and 1 to ${SEMAPHORE_LENGTH - 1} bytes without '/' and NUL`, value)
  }
  return value
}

/** What `open` can be asked for. */
const OPEN_OPTIONS = new Set(['capacity', 'slots', 'mode', 'create', 'exclusive', 'readOnly', 'checksum', 'owner', 'layout', 'nulTerminated', 'semaphore', 'posix',
  'timeout', 'signal', 'maxPending', 'inlineLimit'])

/** A segment keeps for good what it was made with: a mistyped name must not make one that nobody asked for. */
function refuseUnknown (options) {
  const unknown = Object.keys(options).find(name => !OPEN_OPTIONS.has(name) && options[name] !== undefined)
  if (unknown !== undefined) throw invalidValue(`options.${unknown}`, 'is not an option of open()', options[unknown])
}

/** What asks for a new segment and for none at once is a mistake. */
function refuseContradictions ({ create, exclusive, readOnly }) {
  if (exclusive && create === false) throw invalidValue('options.exclusive', 'must not be true where options.create is false', exclusive)
  if (exclusive && readOnly) throw invalidValue('options.exclusive', 'must not be true where options.readOnly is', exclusive)
  if (create && readOnly) throw invalidValue('options.create', 'must not be true where options.readOnly is', create)
}

/** What only a cell can be asked for. */
function cellOptions ({ slots, checksum, nulTerminated, semaphore }) {
  if (nulTerminated !== undefined) throw invalidValue('options.nulTerminated', "means nothing unless options.layout is 'raw'", nulTerminated)
  if (semaphore !== undefined) throw invalidValue('options.semaphore', "means nothing unless options.layout is 'raw'", semaphore)
  return {
    slots: slots === undefined ? 0 : integer('options.slots', slots, 2, 16),
    checksum: boolean('options.checksum', checksum, false)
  }
}

/** What only a raw segment can be asked for; `unsupported` tells what it cannot. */
function rawOptions (options) {
  const { slots, checksum } = options
  const unsupported = slots !== undefined ? 'a raw segment has no slots' : checksum ? 'a raw segment has no place for a checksum' : undefined
  return { nulTerminated: boolean('options.nulTerminated', options.nulTerminated, false), semaphore: semaphore(options.semaphore), unsupported }
}

/** The options of `open`, as the addon takes them. 0, -1 and '' stand for what was not given. */
function openOptions (options) {
  refuseUnknown(options)
  const { capacity, mode, create, exclusive, readOnly } = options
  const kind = layout(options.layout)
  const checked = {
    layout: kind,
    capacity: capacity === undefined ? 0 : integer('options.capacity', capacity, 1, Number.MAX_SAFE_INTEGER),
    mode: mode === undefined ? 0o600 : integer('options.mode', mode, 0, 0o777),
    widestMode: mode === undefined ? -1 : mode,
    create: boolean('options.create', create, true),
    exclusive: boolean('options.exclusive', exclusive, false),
    readOnly: boolean('options.readOnly', readOnly, false),
    ...(kind === 'raw' ? rawOptions(options) : cellOptions(options)),
    ...owner(options.owner)
  }
  refuseContradictions({ create, exclusive, readOnly })
  return checked
}

function maxPending ({ maxPending = DEFAULT_MAX_PENDING }) {
  return maxPending === Infinity ? maxPending : integer('options.maxPending', maxPending, 1, Number.MAX_SAFE_INTEGER)
}

/** Bytes up to which calls are tried on the calling thread. */
function inlineLimit ({ inlineLimit = 0 }) {
  return inlineLimit === Infinity ? inlineLimit : integer('options.inlineLimit', inlineLimit, 0, Number.MAX_SAFE_INTEGER)
}

module.exports = {
  object,
  integer,
  boolean,
  posix,
  timeout,
  signal,
  inlineLimit,
  range,
  mediaType,
  ifVersion,
  owner,
  layout,
  semaphore,
  openOptions,
  maxPending,
  DEFAULT_TIMEOUT
}
