'use strict'

const { driver } = require('./shm')
const { calls } = require('./shm-sync')

const SPIN = 50 // us

module.exports = driver(calls, undefined, SPIN)
