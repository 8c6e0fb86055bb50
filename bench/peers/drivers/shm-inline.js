'use strict'

const { calls, driver } = require('./shm')

module.exports = driver(calls, size => ({ inlineLimit: size }))
