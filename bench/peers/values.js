'use strict'

// Values that tell whether they are whole: the same number in every eight bytes.

function fill (bytes, number) {
  bytes.writeBigUInt64LE(BigInt(number))
  return bytes.fill(bytes.subarray(0, 8), 8)
}

/** The number, or -1 where the bytes are of more than one value. */
function numberIn (bytes) {
  if (Buffer.compare(bytes.subarray(0, -8), bytes.subarray(8)) !== 0) return -1
  return Number(bytes.readBigUInt64LE())
}

module.exports = { fill, numberIn }
