'use strict'

const { read, snapshot, watch, readInto, write, update } = require('./default-segment')
const { ShmError } = require('./errors')
const { open, list, destroy } = require('./open')
const { RawSegment } = require('./raw-segment')
const { PRIVATE } = require('./reference')
const { Segment } = require('./segment')

module.exports = { read, snapshot, watch, readInto, write, update, open, list, destroy, PRIVATE, Segment, RawSegment, ShmError }
