'use strict'

const { driver } = require('./shm')

/** It never waits for the lock: where somebody has it, the call that does is the way. */
function write (segment, bytes) {
  try {
    segment.writeSync(bytes)
  } catch (error) {
    if (error.code !== 'ERR_SHM_BUSY') throw error
    return segment.write(bytes)
  }
}

const calls = segment => ({
  write: bytes => write(segment, bytes),
  read: target => target.subarray(0, segment.readIntoSync(target).length)
})

module.exports = { ...driver(calls), calls }
