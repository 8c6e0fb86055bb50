'use strict'

// Who is held to the layout: a program each, which takes commands by the line (README.md), and what it can do besides what all can.

const path = require('node:path')
const { PYTHON, NO_PYTHON } = require('../../helpers/python')

const NODE_DRIVER = path.join(__dirname, '../node/driver.js')
const CPP_DRIVER = path.join(__dirname, '../../../build/Release/conformance_driver')
/** CONFORMANCE_PYTHON: another folder than `python`, which mutants.js sets. */
const PYTHON_FOLDER = process.env.CONFORMANCE_PYTHON ?? path.join(__dirname, '../python')

/**
 * `can`: wait (for a newer version), user, exclusive, shared (hold those locks), repair (give a segment another set), die (be killed
 * before any step of a write).
 */
const ALL = [
  { name: 'JavaScript', command: [process.execPath, NODE_DRIVER, 'async'], can: ['wait', 'user', 'repair'] },
  { name: 'JavaScript, synchronous', command: [process.execPath, NODE_DRIVER, 'sync'], can: ['repair'] },
  { name: 'C++', command: [CPP_DRIVER], can: ['wait', 'user', 'exclusive', 'shared', 'repair'] },
  { name: 'Python', command: [PYTHON, path.join(PYTHON_FOLDER, 'driver.py')], can: ['wait', 'user', 'exclusive', 'shared', 'die'], missing: PYTHON === null && NO_PYTHON }
]

/** CONFORMANCE_ONLY=Python, for example: the cases that it has a part in, for who is working on it. */
const { CONFORMANCE_ONLY } = process.env
const isWanted = (...implementations) => !CONFORMANCE_ONLY || implementations.some(({ name }) => name === CONFORMANCE_ONLY)

module.exports = { ALL, PYTHON_FOLDER, isWanted }
