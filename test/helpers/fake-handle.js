'use strict'

// What js/segment.js gets from the addon, made up: a test answers its calls by hand.

const { OPENING, Segment } = require('../../js/segment')
const { COLUMNS, READ, WRITE } = require('../../js/table')

/** Calls that have reached the pool, as { kind, count, numbers, targets or buffers, slice, answer }. */
class FakeHandle {
  trips = []
  length = 0
  #arrivals = []

  describe () {
    return { id: 1, key: 2, name: '', capacity: 2 ** 30, incarnation: '0123456789abcdef', readOnly: false }
  }

  lengthHint () { return this.length }
  version () { return 0 }
  mediaType () {}
  close (callback) { setImmediate(callback) }

  read (targets, numbers, slice, answer) {
    this.#arrive({ kind: 'read', count: targets.length, targets, numbers, slice, answer })
  }

  write (buffers, mediaTypes, numbers, slice, answer) {
    this.#arrive({ kind: 'write', count: buffers.length, buffers, mediaTypes, numbers, slice, answer })
  }

  /** The next trip, whether it has begun or not. */
  async trip () {
    if (this.trips.length === 0) await new Promise(resolve => this.#arrivals.push(resolve))
    return this.trips.shift()
  }

  #arrive (trip) {
    this.trips.push(trip)
    this.#arrivals.shift()?.()
  }
}

/** A segment on a fake handle. */
function fakeSegment (options) {
  const handle = new FakeHandle()
  const facts = new Float64Array(COLUMNS)
  return { handle, facts, segment: new Segment(OPENING, { handle, facts, context: { label: 'fake segment' }, maxPending: Infinity, ...options }) }
}

/** Answers a trip of writes: version `first` and on. */
function commit ({ count, numbers, answer }, first = 1) {
  for (let row = 0; row < count; row++) numbers[row * COLUMNS + WRITE.VERSION] = first + row
  answer(undefined, undefined)
}

/** Answers a trip of reads: all find this value. */
function deliver ({ targets, numbers, answer }, value, version = 1) {
  const bytes = Buffer.from(value)
  const failures = []
  targets.forEach((target, row) => {
    const at = row * COLUMNS
    const { [READ.OFFSET]: offset, [READ.WHOLE]: whole } = numbers.subarray(at)
    if (whole && bytes.length > target.length) {
      failures[row] = { code: 'TOO_LARGE', number: bytes.length }
      return
    }
    numbers.set([version, bytes.length, bytes.copy(target, 0, Math.min(offset, bytes.length)), 0, 0], at + READ.VERSION)
  })
  answer(undefined, failures.length > 0 ? failures : undefined)
}

module.exports = { fakeSegment, commit, deliver }
