'use strict'

// The native floors, from bench/native/floors.cc: built together with the addon.

module.exports = require('../build/Release/floors.node')
