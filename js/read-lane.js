'use strict'

// The reads of one segment. Small whole reads of one batch share one copy out of the segment: all of them began before it
// was made, so it is fresh for each. Every caller still gets bytes of his own.

const { Lane, Table } = require('./lane')
const { fromFailure } = require('./errors')

/** As in native/addon/read_batch.hpp. */
const OFFSET = 0
const WHOLE = 1
const VERSION = 3
const LENGTH = 4
const COPIED = 5
const COMMITTED_AT = 6
const WRITER_PID = 7

/** Values up to here are shared between the reads of a batch: a second copy of so little costs less than a row. */
const SHARED_LIMIT = 16 * 1024
/** A batch ends with the read that reaches this many bytes. */
const BATCH_BYTES = 4 * 1024 * 1024

/**
 * Calls have, besides a Call's properties: `finish(data, facts)`, which makes what the call resolves to; `target`, the
 * caller's memory, or undefined; `range`, { offset, length }, or undefined where the whole value is meant; `room`, bytes
 * known to be needed.
 */
class ReadLane extends Lane {
  #table = new Table()
  #scratch = Buffer.alloc(0)

  fit (calls) {
    const most = super.fit(calls)
    const hint = this.handle.lengthHint()
    if (hint <= SHARED_LIMIT) return most
    return Math.min(most, Math.max(1, Math.floor(BATCH_BYTES / hint)))
  }

  travel (calls, slice, done) {
    const rows = this.#plan(calls)
    const numbers = this.#table.reserve(rows.length)
    for (let row = 0; row < rows.length; row++) {
      numbers[row * Table.COLUMNS + OFFSET] = rows[row].offset
      numbers[row * Table.COLUMNS + WHOLE] = rows[row].whole ? 1 : 0
    }
    this.handle.read(rows.map(row => row.target), numbers, slice, (failure, failures, mediaTypes) => {
      const again = []
      for (let row = 0; row < rows.length; row++) {
        const refused = failure ?? failures?.[row]
        if (refused) this.#refuse(rows[row], refused, again)
        else this.#settle(rows[row], numbers.subarray(row * Table.COLUMNS), mediaTypes?.[row] ?? null, again)
      }
      done(again)
    })
  }

  /** One row for each copy that is to be made. */
  #plan (calls) {
    const hint = this.handle.lengthHint()
    const rows = []
    const sharing = []
    for (const call of calls) {
      const plain = call.target === undefined && call.range === undefined
      if (plain && Math.max(hint, call.room) <= SHARED_LIMIT) sharing.push(call)
      else rows.push(this.#rowFor(call, hint))
    }
    if (sharing.length === 1) rows.push(this.#rowFor(sharing[0], hint))
    else if (sharing.length > 1) rows.push(this.#sharedRow(sharing, hint))
    return rows
  }

  #rowFor (call, hint) {
    const { target, range } = call
    const offset = range?.offset ?? 0
    if (target !== undefined) return { calls: [call], target: range ? target.subarray(0, range.length) : target, offset, whole: range === undefined }
    const wanted = Math.max(hint, call.room)
    const room = range ? Math.min(range.length, Math.max(wanted - offset, 0)) : wanted
    return { calls: [call], target: Buffer.allocUnsafe(room), offset, whole: range === undefined }
  }

  #sharedRow (calls, hint) {
    const room = calls.reduce((most, call) => Math.max(most, call.room), hint)
    if (this.#scratch.length < room) this.#scratch = Buffer.allocUnsafeSlow(Math.max(1024, 2 ** Math.ceil(Math.log2(room))))
    return { calls, target: this.#scratch, offset: 0, whole: true }
  }

  #settle (row, numbers, mediaType, again) {
    const copied = numbers[COPIED]
    const facts = { version: numbers[VERSION], length: copied, committedAt: numbers[COMMITTED_AT], writerPid: numbers[WRITER_PID], mediaType }
    for (const call of row.calls) {
      if (this.#isShort(call, row, numbers)) {
        call.room = numbers[LENGTH]
        again.push({ call, failure: { code: 'BUSY' } })
      } else {
        call.resolve(call.finish(this.#dataFor(call, row, copied), facts))
      }
    }
  }

  /** True where the value has grown since room was made for a part of it. */
  #isShort (call, row, numbers) {
    if (row.whole || call.target !== undefined) return false
    return numbers[COPIED] < Math.min(call.range.length, Math.max(numbers[LENGTH] - row.offset, 0))
  }

  #dataFor (call, row, copied) {
    if (row.target === this.#scratch) {
      const data = Buffer.allocUnsafe(copied)
      this.#scratch.copy(data, 0, 0, copied)
      return data
    }
    return copied === row.target.length ? row.target : row.target.subarray(0, copied)
  }

  #refuse (row, failure, again) {
    for (const call of row.calls) {
      const grown = failure.code === 'TOO_LARGE' && call.target === undefined
      if (grown) call.room = failure.number
      if (grown || failure.code === 'BUSY') again.push({ call, failure })
      else call.reject(this.#error(call, failure))
    }
  }

  #error (call, failure) {
    if (failure.code !== 'TOO_LARGE') return fromFailure(failure, this.context)
    // The core tells the length of the value; here it is the caller's memory that is too small.
    return fromFailure({ ...failure, number: call.target.length }, { ...this.context, length: failure.number })
  }
}

module.exports = { ReadLane }
