'use strict'

// Values that say what they are: every word of one is its stamp, of its length, its writer's pid and a count, as in
// native/test/storm_peer.cc.

const { counterOf, pattern } = require('../helpers/pattern')

const stampOf = (length, pid, count) => BigInt(length) << 44n | BigInt(pid) << 22n | BigInt(count % 2 ** 22)
const lengthOf = stamp => Number(stamp >> 44n)
const pidOf = stamp => Number(stamp >> 22n & 0x3fffffn)
const mediaTypeOf = length => `storm/${length}`

/** Makes this process's values, short ones as often as long ones. */
class Values {
  #random
  #capacity
  #count

  constructor (random, capacity) {
    this.#random = random
    this.#capacity = capacity
    this.#count = random.below(2 ** 22)
  }

  next () {
    const length = Math.min(this.#capacity, 8 + this.#random.below(8 << this.#random.below(18)))
    const stamp = stampOf(length, process.pid, this.#count++)
    return { stamp, data: pattern(length, stamp), mediaType: mediaTypeOf(length) }
  }
}

/** What is wrong with a snapshot of a value: the bytes must be of one value, and the facts of the same. */
function faultOf ({ data, version, writerPid, mediaType }) {
  if (version === 0) return null
  const stamp = data.length < 8 ? null : counterOf(data)
  if (stamp === null) return `version ${version}: mixed bytes`
  const fits = lengthOf(stamp) === data.length && pidOf(stamp) === writerPid && mediaTypeOf(data.length) === mediaType
  return fits ? null : `version ${version}: facts of another value`
}

/** As peers print it; '0' of a value never written. */
const stampText = ({ data, version }) => version === 0 ? '0' : data.readBigUInt64LE().toString(16)

module.exports = { Values, faultOf, stampText }
