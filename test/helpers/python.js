'use strict'

// The Python that this machine has, if it can do what test/conformance/python asks of it.

const { execFileSync } = require('node:child_process')
const { plainEnv } = require('./child')

const TRIAL = 'import ctypes, sys; ctypes.CDLL("libatomic.so.1").atomic_thread_fence; print(sys.executable)'

function find () {
  try {
    return execFileSync('python3', ['-c', TRIAL], { encoding: 'utf8', env: plainEnv(), stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return null
  }
}

/** The path of the interpreter, or null. */
const PYTHON = find()
const NO_PYTHON = 'no python3 with ctypes and libatomic.so.1'
/** For tests that need it. */
const pythonOnly = PYTHON === null ? { skip: NO_PYTHON } : {}

module.exports = { PYTHON, NO_PYTHON, pythonOnly }
