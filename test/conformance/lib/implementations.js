'use strict'

// Who is held to the layout: a program each, which takes commands by the line (README.md), and what it can do besides what all can.

const path = require('node:path')
const { PYTHON, NO_PYTHON } = require('../../helpers/python')

const NODE_DRIVER = path.join(__dirname, '../node/driver.js')
const CPP_DRIVER = path.join(__dirname, '../../../build/Release/conformance_driver')
const PYTHON_DRIVER = path.join(__dirname, '../python/driver.py')

/**
 * `can`: wait (for a newer version), user, exclusive, shared (hold those locks), repair (give a segment another set), die (be killed
 * before any step of a write).
 */
const ALL = [
  { name: 'JavaScript', command: [process.execPath, NODE_DRIVER, 'async'], can: ['wait', 'user', 'repair'] },
  { name: 'JavaScript, synchronous', command: [process.execPath, NODE_DRIVER, 'sync'], can: ['repair'] },
  { name: 'C++', command: [CPP_DRIVER], can: ['wait', 'user', 'exclusive', 'shared', 'repair'] },
  { name: 'Python', command: [PYTHON, PYTHON_DRIVER], can: ['wait', 'user', 'exclusive', 'shared', 'die'], missing: PYTHON === null && NO_PYTHON }
]

module.exports = { ALL }
