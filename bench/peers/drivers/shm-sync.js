'use strict'

const { driver } = require('./shm')

const calls = segment => ({
  write: bytes => { segment.writeSync(bytes) },
  read: target => target.subarray(0, segment.readIntoSync(target).length)
})

module.exports = { ...driver(calls), calls }
