'use strict'

// The examples of native/examples, as binding.gyp builds them.

const path = require('node:path')
const t = require('tap')
const { run } = require('../helpers/examples')

run(t, path.join(__dirname, '../../build/Release'))
