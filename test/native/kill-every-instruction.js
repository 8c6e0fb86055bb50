'use strict'

// Killed at every instruction: the operations of the core, and the broken ones that prove that harm is found.

const path = require('node:path')
const t = require('tap')
const { plainEnv } = require('../helpers/child')

const program = path.join(__dirname, '../../build/Release/kill_every_instruction')
const skip = process.arch === 'x64' ? false : 'single steps are for x86-64'

t.setTimeout(900_000) // on a machine under load
t.spawn(program, ['--payload', '4096', '--samples', '1', '--stretch', '16'], { name: 'the core', env: plainEnv(), skip })
t.spawn(program, ['--payload', '64', '--broken'], { name: 'broken on purpose', env: plainEnv(), skip })
