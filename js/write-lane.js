'use strict'

// The writes of one segment. All of a batch are committed under one acquisition of the exclusive lock, in order, each as a
// version of its own where there are versions.

const { fromFailure } = require('./errors')
const { Call, Lane } = require('./lane')
const { COLUMNS, Table, WRITE } = require('./table')
const { LOCK } = require('./waiting-room')

/** A batch ends with the write that reaches this many bytes: others wait for the lock meanwhile. */
const BATCH_BYTES = 1024 * 1024

/** Resolves to the committed version. */
class WriteCall extends Call {
  /**
   * @param {Uint8Array} memory that nobody touches until the call settles
   * @param {string | undefined} mediaType
   * @param {number} ifVersion or -1
   */
  constructor (resolve, reject, timeout, memory, mediaType, ifVersion) {
    super(resolve, reject, timeout, memory)
    this.mediaType = mediaType
    this.ifVersion = ifVersion
    /** Which of its batch, once it is under way. */
    this.row = -1
  }

  /** Its row of the table, which begins at `at`. */
  fill (numbers, at, mediaTypes) {
    numbers[at + WRITE.IF_VERSION] = this.ifVersion
    numbers[at + WRITE.MEDIA_TYPE] = this.mediaType === undefined ? -1 : mediaTypes.push(this.mediaType) - 1
  }

  /** What it resolves to, by its row. */
  result (numbers, at) {
    return numbers[at + WRITE.VERSION]
  }
}

/** Of WriteCalls. */
class WriteLane extends Lane {
  #table = new Table()

  constructor (handle, context) {
    super(handle, context, LOCK.EXCLUSIVE)
  }

  fit (calls) {
    const most = super.fit(calls)
    let bytes = 0
    for (let count = 0; count < most; count++) {
      bytes += calls[count].memoryLength
      if (bytes >= BATCH_BYTES) return count + 1
    }
    return most
  }

  /** An aborted write is not committed: how it ends is told by the thread that commits. */
  interrupt (call) {
    this.handle.cancelWrite(call.row)
    return true
  }

  travel (calls, slice, done) {
    const numbers = this.#table.reserve(calls.length)
    const mediaTypes = []
    for (let row = 0; row < calls.length; row++) {
      calls[row].row = row
      calls[row].fill(numbers, row * COLUMNS, mediaTypes)
    }
    const buffers = calls.map(call => call.memory)
    this.handle.write(buffers, mediaTypes, numbers, slice, (failure, failures) => {
      if (failure === undefined) this.#settle(calls, numbers, failures, done)
      else this.#refuse(calls, failure, done)
    })
  }

  /** None was committed. */
  #refuse (calls, failure, done) {
    if (failure.code === 'BUSY') return done(calls, failure)
    for (const call of calls) call.reject(fromFailure(failure, this.context))
    done([])
  }

  #settle (calls, numbers, failures, done) {
    const again = []
    let busy
    for (let row = 0; row < calls.length; row++) {
      const call = calls[row]
      const failure = failures?.[row]
      if (failure === undefined) {
        call.resolve(call.result(numbers, row * COLUMNS))
      } else if (call.aborted !== undefined) {
        call.reject(call.aborted.reason)
      } else if (failure.code === 'BUSY') {
        busy = failure
        again.push(call)
      } else {
        call.reject(fromFailure(failure, { ...this.context, length: call.memoryLength, offset: call.offset, ifVersion: call.ifVersion }))
      }
    }
    done(again, busy)
  }
}

module.exports = { WriteCall, WriteLane }
