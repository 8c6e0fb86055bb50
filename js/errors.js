'use strict'

// The one place that makes errors. The addon reports failures as plain facts; here they get their words.

const os = require('node:os')
const { getSystemErrorMap, inspect } = require('node:util')

/** What every call rejects with or throws, but for mistakes in the arguments. `code` is stable, the message is not. */
class ShmError extends Error {
  constructor (code, message, { cause, ...facts } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    for (const [name, value] of Object.entries(facts)) {
      if (value !== undefined && value !== null) this[name] = value
    }
  }
}
Object.defineProperty(ShmError.prototype, 'name', { value: 'ShmError', configurable: true, writable: true })

/** The layout version of the core. */
const KNOWN_LAYOUT = { major: 1, minor: 0 }

const limits = {
  shmget: 'the machine has as many segments (sysctl kernel.shmmni) or as much shared memory (kernel.shmall) as it may have',
  semget: 'semaphore sets, semaphores or operations on them are at a limit (sysctl kernel.sem)',
  shmmax: 'a segment of this size is over the limit of the kernel (sysctl kernel.shmmax)',
  open: 'there are as many files in /dev/shm (mount option nr_inodes), open in this process (ulimit -n) or on this machine (sysctl fs.file-max) as there may be',
  ftruncate: 'a file of this size is over the limit of this process (ulimit -f) or of the kernel'
}

function describeLimit ({ syscall, errno, reason }) {
  if (reason) return 'the capacity times the slots is more than any machine has'
  return syscall === 'shmget' && errno === os.constants.errno.EINVAL ? limits.shmmax : limits[syscall] ?? limits.semget
}

/** `number` has the segment's major and minor in 16 bits each. */
function describeOtherVersion (number) {
  const [major, minor] = [number >>> 16, number & 0xffff]
  if (major < KNOWN_LAYOUT.major) return `has layout ${major}.${minor}, which no shmnode has made; it was left as it is`
  return `was made with layout ${major}.${minor}: that needs a shmnode that knows layout ${major}, this one knows ${KNOWN_LAYOUT.major}.${KNOWN_LAYOUT.minor}`
}

function describeNameCollision ({ reason }, { lockKey }) {
  if (reason === 'the key of its lock') return `cannot have a lock: its key, ${hexadecimal(lockKey)}, is that of a System V segment`
  return lockKey ? 'was made under another name, and moved or copied: only rm removes it' : 'has the key of a segment with another name, or with none'
}

const itsKey = lockKey => lockKey ? `the key of its lock, ${hexadecimal(lockKey)},` : 'its key'

function describeLayout ({ reason, number }, { layout, lockKey }) {
  if (reason === 'a cell') return "is a cell: open it without { layout: 'raw' }"
  if (reason === 'raw') return "is raw, or was: { layout: 'raw' } opens or destroys it"
  if (layout === 'raw') return `has no lock: ${itsKey(lockKey)} has a semaphore set that shmnode did not make, so give the option \`semaphore\``
  if (reason === 'another layout version') return describeOtherVersion(number)
  if (reason === 'not initialised') return 'is not a cell: it is not initialised'
  if (reason === 'semaphore set') return `is not a cell: ${itsKey(lockKey)} has a semaphore set that shmnode did not make (ipcrm --semaphore-key removes it)`
  return "is not a cell, but raw or of another program; it was left as it is ({ layout: 'raw' } would take it as it is)"
}

function describeAccess ({ syscall, reason }) {
  if (reason === 'no lock yet') return 'has no lock yet, which its owner or root has to make by opening it; or give the option `semaphore`'
  return `is not open to this user${syscall === 'shmat' || syscall === 'open' ? ' for reading and writing ({ readOnly: true } asks for less)' : ''}`
}

function describeNotFound ({ reason }) {
  if (reason === 'semaphore') return 'has no such semaphore'
  return reason === 'not initialised' ? 'is not there: its creator died before it was initialised' : 'is not there'
}

/** What the core and the addon cannot do, by their reasons; others say it themselves. */
const unsupported = {
  'a raw segment without a key has no lock': 'it has no key to find a semaphore set by, so give the option `semaphore`',
  'a POSIX semaphore': 'its POSIX semaphore is one lock, which reads and writes take',
  'a semaphore that counts further than 1': 'its semaphore counts further than 1, and would let two in',
  'a NUL in the text': 'what comes after a NUL would be lost to its readers',
  'no external buffers': 'this platform has no ArrayBuffers over memory that is not its own',
  'another IPC namespace': 'its semaphores are in another IPC namespace, which its writers have to share ({ readOnly: true } does without)',
  'no /dev/shm that can have it': 'there is no /dev/shm here, or it is of a kind that cannot have it'
}

function describeOwner ({ reason, number }) {
  return reason === 'a wider mode'
    ? `it is open to more users (mode 0${number.toString(8)}) than the option \`mode\` allows`
    : `it was made by user ${number}; the option \`owner\` can allow that`
}

function describeCapacity ({ reason, number }, { capacity }) {
  if (number === 0) return 'it is an empty file (shm.destroy() it, as raw, to make one with a capacity)'
  return reason === 'not initialised'
    ? `it is not initialised, and its ${number} bytes are not what a capacity of ${capacity} takes`
    : `its capacity is ${number} bytes, ${capacity} were asked for (a segment never grows: shm.destroy() it, with its value, to make a larger one)`
}

function describeTooLarge ({ reason, number }, { length, offset, nulTerminated }) {
  if (reason === 'media type') return `has no room: a media type has at most ${number} bytes`
  if (reason === 'target') return `has a value of ${length} bytes, more than the ${number} of the target`
  const where = offset ? ` at offset ${offset}` : ''
  return `has no room: ${length} bytes${where} are more than the ${number} of its capacity${nulTerminated ? ' before the NUL' : ''}`
}

/** A file of somebody else's may have pages that are not there yet. */
function describeNoSpace ({ syscall, reason }) {
  if (reason) return 'has lost its memory: /dev/shm had no room for a page of its file, which is sparse: open it again'
  if (syscall === 'fallocate') return 'is a sparse file, and its pages do not fit what is free in /dev/shm (mount option size)'
  return `does not fit ${syscall === 'posix_fallocate' ? 'what is free in /dev/shm (mount option size)' : 'the memory of this machine'}`
}

/** What is wrong with a semaphore is not the segment's. */
function remedyOf (reason) {
  if (reason === 'checksum' || reason === 'length over capacity') return ': the next write replaces its value'
  return reason?.startsWith('semaphore') ? '' : ': shm.destroy() it to make it anew'
}

/** `open` gives a segment a new lock where it can. */
function describeDestroyed ({ reason, syscall, key }, context) {
  if (reason === 'a private segment without its lock') return 'has lost its lock, and no key to find another by: shm.destroy() what is left of it'
  if (reason === "another user's, without its lock") return 'has lost its lock: its owner, or root, has to open it'
  if (reason === 'truncated') return 'was made shorter by somebody: shm.destroy() what is left of it'
  if (syscall?.startsWith('sem')) return 'was destroyed, or has lost its lock: open it again'
  return (context.key ?? key ?? context.lockKey) ? 'was destroyed: open it again' : 'was destroyed'
}

/** ENOENT and the like. libuv knows those that it may meet, which EIDRM is not. */
function errnoName (errno) {
  const known = getSystemErrorMap().get(-errno)
  return known ? known[0] : Object.keys(os.constants.errno).find(name => os.constants.errno[name] === errno) ?? errno
}

/** A segment has two locks: that of its value, and that which `lock()` gives. */
function holding ({ holder, reason }, { lock = 'lock' }) {
  if (reason === 'queue') return 'calls before it took as long'
  if (reason === 'no newer version') return 'nobody wrote a newer one'
  if (reason === 'semaphore') return 'its semaphore is taken, perhaps by a process that has died: nobody releases it then, until somebody posts it (sem_post)'
  if (reason === 'conflict') return 'others wrote first each time'
  if (holder === process.pid) return `process ${holder}, this one, holds its ${lock}`
  return holder ? `process ${holder} holds its ${lock}` : `its ${lock} is held`
}

function describeTimeout (failure, context) {
  const what = failure.reason === 'no newer version' ? `was not above version ${failure.number}` : 'was not had'
  return `${what} within ${context.waited} ms: ${holding(failure, context)}`
}

/** As ipcs(1) shows it. */
const hexadecimal = key => `0x${(key >>> 0).toString(16).padStart(8, '0')}`

/** The segment as the caller called it, and what else it is known by. */
function subject (label, name, key) {
  const known = []
  if (name && !label.includes(`'${name}'`)) known.push(`name '${name}'`)
  if (key) known.push(`key ${hexadecimal(key)}`)
  return known.length === 0 ? label : `${label} (${known.join(', ')})`
}

/** What each code says after the name of the segment. */
const descriptions = {
  NOT_FOUND: describeNotFound,
  EXISTS: () => 'exists already',
  ACCESS: describeAccess,
  NO_SPACE: describeNoSpace,
  LIMIT: failure => `cannot be made: ${describeLimit(failure)}`,
  TOO_LARGE: describeTooLarge,
  CAPACITY: (failure, context) => `is too small: ${describeCapacity(failure, context)}`,
  LAYOUT: describeLayout,
  NAME_COLLISION: describeNameCollision,
  OWNER: failure => `is not trusted: ${describeOwner(failure)}`,
  CORRUPT: ({ reason }) => `is corrupt (${reason})${remedyOf(reason)}`,
  VERSION_CONFLICT: ({ number }, { ifVersion }) => `is at version ${number}, not ${ifVersion}`,
  BUSY: (failure, context) => `is busy: ${holding(failure, context)}`,
  TIMEOUT: describeTimeout,
  QUEUE_FULL: (_, { maxPending }) => `takes no more calls while ${maxPending} ${maxPending === 1 ? 'is' : 'are'} pending (option maxPending)`,
  DESTROYED: describeDestroyed,
  CLOSED: () => 'is closed',
  UNSUPPORTED: ({ reason }) => `cannot do that: ${unsupported[reason] ?? reason}`,
  READ_ONLY: () => 'is open for reading only',
  SYSTEM: () => 'failed'
}

/**
 * @param {{ code: string, errno?: number, syscall?: string, holder?: number, number?: number, reason?: string, key?: number }} failure
 *   as the addon reports it, or made here for what JavaScript finds out; `code` without `ERR_SHM_`
 * @param {{ label: string, key?: number | null, name?: string | null }} context the segment, and what the description needs
 * @returns {ShmError}
 */
function fromFailure (failure, context) {
  const { code } = failure
  const key = context.key ?? failure.key
  const because = failure.syscall && failure.errno ? ` (${failure.syscall}: ${errnoName(failure.errno)})` : ''
  return new ShmError(`ERR_SHM_${code}`, `${subject(context.label, context.name, key)} ${descriptions[code](failure, context)}${because}`, {
    errno: failure.errno,
    syscall: failure.syscall,
    key,
    segmentName: context.name,
    version: code === 'VERSION_CONFLICT' ? failure.number : undefined,
    holderPid: failure.holder
  })
}

/** What somebody passed, in a few words. Objects that only pretend to be something make `inspect` throw. */
function received (actual) {
  try {
    return inspect(actual, { depth: 0, maxStringLength: 80, maxArrayLength: 3 })
  } catch {
    return typeof actual
  }
}

/** A TypeError as Node.js makes it. `expected` reads after "must be". */
function invalidType (argument, expected, actual) {
  const error = new TypeError(`The "${argument}" argument must be ${expected}. Received ${received(actual)}`)
  error.code = 'ERR_INVALID_ARG_TYPE'
  return error
}

/** A TypeError for a value of the right type that means nothing. `reason` reads after the name of the argument. */
function invalidValue (argument, reason, actual) {
  const error = new TypeError(`The "${argument}" argument ${reason}. Received ${received(actual)}`)
  error.code = 'ERR_INVALID_ARG_VALUE'
  return error
}

/** A RangeError as Node.js makes it. `expected` reads after "must be". */
function outOfRange (argument, expected, actual) {
  const error = new RangeError(`The value of "${argument}" is out of range. It must be ${expected}. Received ${received(actual)}`)
  error.code = 'ERR_OUT_OF_RANGE'
  return error
}

module.exports = { KNOWN_LAYOUT, ShmError, fromFailure, invalidType, invalidValue, outOfRange }
