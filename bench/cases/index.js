'use strict'

// Each names its cases by `ids`, makes them when asked, and cleans up by `end`.

module.exports = [require('./small-calls'), require('./by-turns'), require('./large-values'), require('./waiting'), require('./ping-pong')]
