'use strict'

const { read, snapshot, readInto, write, update } = require('./default-segment')
const { ShmError } = require('./errors')
const { open, list, destroy } = require('./open')
const { PRIVATE } = require('./reference')
const { Segment } = require('./segment')

module.exports = { read, snapshot, readInto, write, update, open, list, destroy, PRIVATE, Segment, ShmError }
