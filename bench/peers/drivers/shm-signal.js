'use strict'

const { place } = require('./shm-sync')
const { signalled } = require('../signal')

module.exports = { place, link: signalled(place) }
