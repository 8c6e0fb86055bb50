'use strict'

// The writes of one segment. All of a batch are committed under one acquisition of the exclusive lock, in order, each as a
// version of its own.

const { Call, Lane, Table } = require('./lane')
const { fromFailure } = require('./errors')

/** As in native/addon/write_batch.hpp. */
const IF_VERSION = 0
const MEDIA_TYPE = 1
const VERSION = 3

/** A batch ends with the write that reaches this many bytes: others wait for the lock meanwhile. */
const BATCH_BYTES = 1024 * 1024

/** Resolves to the committed version. */
class WriteCall extends Call {
  /**
   * @param {Uint8Array} data that nobody touches until the call settles
   * @param {string | undefined} mediaType
   * @param {number} ifVersion or -1
   */
  constructor (resolve, reject, timeout, data, mediaType, ifVersion) {
    super(resolve, reject, timeout)
    this.data = data
    this.mediaType = mediaType
    this.ifVersion = ifVersion
  }
}

/** Of WriteCalls. */
class WriteLane extends Lane {
  #table = new Table()

  fit (calls) {
    const most = super.fit(calls)
    let bytes = 0
    for (let count = 0; count < most; count++) {
      bytes += calls[count].data.length
      if (bytes >= BATCH_BYTES) return count + 1
    }
    return most
  }

  travel (calls, slice, done) {
    const { COLUMNS } = Table
    const numbers = this.#table.reserve(calls.length)
    const mediaTypes = []
    for (let row = 0; row < calls.length; row++) {
      const { ifVersion, mediaType } = calls[row]
      numbers[row * COLUMNS + IF_VERSION] = ifVersion
      numbers[row * COLUMNS + MEDIA_TYPE] = mediaType === undefined ? -1 : mediaTypes.push(mediaType) - 1
    }
    const buffers = calls.map(call => call.data)
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
        call.resolve(numbers[row * Table.COLUMNS + VERSION])
      } else if (failure.code === 'BUSY') {
        busy = failure
        again.push(call)
      } else {
        call.reject(fromFailure(failure, { ...this.context, length: call.data.length, ifVersion: call.ifVersion }))
      }
    }
    done(again, busy)
  }
}

module.exports = { WriteCall, WriteLane }
