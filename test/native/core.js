'use strict'

// The programs of native/test, which print TAP themselves. One that is missing, crashes or leaves with an error fails.

const path = require('node:path')
const t = require('tap')
const { plainEnv } = require('../helpers/child')

const programs = [
  ['core_test', []],
  ['fail_calls', []],
  ['kill_writers', ['--kills', '100', '--bytes', '262144']]
]

t.setTimeout(900_000) // on a machine under load
for (const [name, args] of programs) {
  t.spawn(path.join(__dirname, '../../build/Release', name), args, { name, env: plainEnv() })
}
