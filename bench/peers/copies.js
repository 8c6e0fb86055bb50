'use strict'

/** The calls of who has nothing but mapped memory: no lock, and no length of a value but that of the memory. */
const copies = memory => ({
  write: bytes => { memory.set(bytes) },
  read (target) {
    memory.copy(target)
    return target.subarray(0, memory.length)
  }
})

module.exports = { copies }
