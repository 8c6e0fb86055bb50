'use strict'

// Each makes its cases when asked, and cleans up by `end`.

module.exports = [require('./small-calls'), require('./by-turns'), require('./large-values'), require('./waiting'), require('./ping-pong')]
