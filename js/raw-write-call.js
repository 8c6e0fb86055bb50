'use strict'

const { RAW_WRITE } = require('./table')
const { WriteCall } = require('./write-lane')

/** A write to a raw segment. Resolves to nothing. */
class RawWriteCall extends WriteCall {
  constructor (resolve, reject, timeout, memory, offset) {
    super(resolve, reject, timeout, memory, undefined, -1)
    this.offset = offset
  }

  fill (numbers, at) {
    numbers[at + RAW_WRITE.OFFSET] = this.offset
  }

  result () {}
}

module.exports = { RawWriteCall }
