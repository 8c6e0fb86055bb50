'use strict'

// Rows of numbers that JavaScript and the addon both read and write: what calls ask, and what came of it.

const COLUMNS = 8

/** Of a read, as in native/addon/read_batch.hpp. Times are milliseconds since the Unix epoch. */
const READ = { OFFSET: 0, WHOLE: 1, VERSION: 2, LENGTH: 3, COPIED: 4, COMMITTED_AT: 5, WRITER_PID: 6, RETRIES: 7 }

/** Of a write, as in native/addon/write_batch.hpp. Negative where there is none. */
const WRITE = { IF_VERSION: 0, MEDIA_TYPE: 1, VERSION: 2 }

/** Of a write to a raw segment, as in native/addon/raw_write_batch.hpp. */
const RAW_WRITE = { OFFSET: 0 }

/** A table for one batch at a time, grown as needed. */
class Table {
  numbers = new Float64Array(COLUMNS)

  /** Room for so many rows. What was in them is lost. */
  reserve (rows) {
    if (rows * COLUMNS > this.numbers.length) this.numbers = new Float64Array(rows * COLUMNS * 2)
    return this.numbers
  }
}

module.exports = { COLUMNS, READ, WRITE, RAW_WRITE, Table }
