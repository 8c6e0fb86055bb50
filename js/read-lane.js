'use strict'

// The reads of one segment. Small whole reads of one batch share one copy out of the segment: all of them began before it
// was made, so it is fresh for each. Every caller still gets bytes of his own.

const { fromFailure } = require('./errors')
const { Call, Lane } = require('./lane')
const { allocate, shorten } = require('./result-memory')
const { COLUMNS, READ, Table } = require('./table')
const { LOCK } = require('./waiting-room')

/** Values up to here are shared between the reads of a batch: a second copy of so little costs less than a row. */
const SHARED_LIMIT = 16 * 1024
/** A batch ends with the read that reaches this many bytes. */
const BATCH_BYTES = 4 * 1024 * 1024

/** Resolves to what `finish(data, facts)` makes of the bytes and facts. */
class ReadCall extends Call {
  /**
   * @param {{ offset: number, length: number } | undefined} range undefined where the whole value is meant
   * @param {Uint8Array | undefined} target the caller's memory; undefined: a new Buffer
   */
  constructor (resolve, reject, timeout, range, target, finish) {
    super(resolve, reject, timeout, target)
    this.range = range
    this.finish = finish
    /** Bytes that a try before this one found to be needed. */
    this.room = 0
  }

  /** True where one copy of the whole value can serve other calls too. */
  get isPlain () {
    return this.memory === undefined && this.range === undefined
  }
}

/** One copy out of the segment: a row of the table, and the calls that it serves. */
class Row {
  constructor (calls, target, offset, whole) {
    this.calls = calls
    this.target = target
    this.offset = offset
    this.whole = whole
  }
}

/** Of ReadCalls. */
class ReadLane extends Lane {
  #table = new Table()
  #scratch = Buffer.alloc(0)

  constructor (handle, context) {
    super(handle, context, LOCK.SHARED)
  }

  fit (calls) {
    const most = super.fit(calls)
    const hint = this.handle.lengthHint()
    if (hint <= SHARED_LIMIT) return most
    return Math.min(most, Math.max(1, Math.floor(BATCH_BYTES / hint)))
  }

  travel (calls, slice, done) {
    const rows = this.#plan(calls)
    const numbers = this.#table.reserve(rows.length)
    const targets = new Array(rows.length)
    for (let row = 0; row < rows.length; row++) {
      targets[row] = rows[row].target
      numbers[row * COLUMNS + READ.OFFSET] = rows[row].offset
      numbers[row * COLUMNS + READ.WHOLE] = rows[row].whole ? 1 : 0
    }
    this.handle.read(targets, numbers, slice, (failure, failures, mediaTypes) => {
      const again = []
      let busy
      for (let row = 0; row < rows.length; row++) {
        const refused = failure ?? failures?.[row]
        if (refused === undefined) {
          this.#settle(rows[row], row * COLUMNS, mediaTypes?.[row], again)
        } else {
          this.#refuse(rows[row], refused, again)
          if (refused.code === 'BUSY') busy = refused
        }
      }
      done(again, busy)
    })
  }

  /** One row for each copy that is to be made. */
  #plan (calls) {
    const hint = this.handle.lengthHint()
    const sharing = calls.length > 1 && hint <= SHARED_LIMIT ? calls.filter(isSharable) : []
    if (sharing.length < 2) return calls.map(call => this.#rowFor(call, hint))
    const others = sharing.length === calls.length ? [] : calls.filter(call => !isSharable(call))
    return [this.#sharedRow(sharing, hint), ...others.map(call => this.#rowFor(call, hint))]
  }

  #rowFor (call, hint) {
    const { memory: target, range } = call
    const wanted = Math.max(hint, call.room)
    if (range === undefined) return new Row([call], target ?? allocate(wanted), 0, true)
    const { offset, length } = range
    const part = target === undefined ? allocate(Math.min(length, Math.max(wanted - offset, 0))) : target.subarray(0, length)
    return new Row([call], part, offset, false)
  }

  #sharedRow (calls, hint) {
    const room = calls.reduce((most, call) => Math.max(most, call.room), hint)
    if (this.#scratch.length < room) this.#scratch = Buffer.allocUnsafeSlow(Math.max(1024, 2 ** Math.ceil(Math.log2(room))))
    return new Row(calls, this.#scratch, 0, true)
  }

  /** `at`: where the row begins in the table. */
  #settle (row, at, mediaType, again) {
    const numbers = this.#table.numbers
    const copied = numbers[at + READ.COPIED]
    this.counts.retries += numbers[at + READ.RETRIES]
    const facts = {
      version: numbers[at + READ.VERSION],
      length: copied,
      committedAt: numbers[at + READ.COMMITTED_AT],
      writerPid: numbers[at + READ.WRITER_PID],
      mediaType
    }
    if (row.target === this.#scratch) return this.#share(row.calls, facts)
    const [call] = row.calls
    if (isShort(row, copied, numbers[at + READ.LENGTH])) {
      call.room = numbers[at + READ.LENGTH]
      again.push(call)
    } else {
      call.resolve(call.finish(call.memory === undefined ? shorten(row.target, copied) : row.target, facts))
    }
  }

  #share (calls, facts) {
    const { length } = facts
    const value = this.#scratch.subarray(0, length)
    for (let i = 0; i < calls.length; i++) {
      const call = calls[i]
      const data = Buffer.allocUnsafe(length)
      data.set(value)
      call.resolve(call.finish(data, facts))
    }
  }

  #refuse (row, failure, again) {
    for (const call of row.calls) {
      const grown = failure.code === 'TOO_LARGE' && call.memory === undefined
      if (grown) call.room = failure.number
      if (grown || failure.code === 'BUSY') again.push(call)
      else call.reject(this.#error(call, failure))
    }
  }

  #error (call, failure) {
    if (failure.code !== 'TOO_LARGE') return fromFailure(failure, this.context)
    // The core tells the length of the value; here it is the caller's memory that is too small.
    return fromFailure({ ...failure, reason: 'target', number: call.memory.length }, { ...this.context, length: failure.number })
  }
}

const isSharable = call => call.isPlain && call.room <= SHARED_LIMIT

/** True where the value has grown since room was made for a part of it. */
function isShort (row, copied, length) {
  const [{ range, memory: target }] = row.calls
  if (range === undefined || target !== undefined) return false
  return copied < Math.min(range.length, Math.max(length - range.offset, 0))
}

module.exports = { ReadCall, ReadLane }
