'use strict'

// The programs of native/test over POSIX shared memory: the same tests, and those of what only files have.

const path = require('node:path')
const t = require('tap')
const { plainEnv } = require('../helpers/child')

const programs = [
  ['core_test', ['--posix']],
  ['fail_calls', ['--posix']],
  ['kill_writers', ['--posix', '--kills', '50', '--bytes', '65536']]
]

t.setTimeout(900_000) // on a machine under load
for (const [name, args] of programs) {
  t.spawn(path.join(__dirname, '../../build/Release', name), args, { name, env: plainEnv() })
}

const kills = ['create', 'open', 'write', 'destroy']
const skip = process.arch === 'x64' ? false : 'single steps are for x86-64'
for (const operation of kills) {
  t.spawn(path.join(__dirname, '../../build/Release/kill_every_instruction'), ['--posix', '--payload', '64', '--samples', '1', '--stretch', '16', '--operation', operation],
    { name: `killed at every instruction: ${operation}`, env: plainEnv(), skip })
}
