'use strict'

// Opens, destroys and strikes in every order of their steps, on a simulated kernel.

const path = require('node:path')
const t = require('tap')
const { plainEnv } = require('../helpers/child')

t.setTimeout(600_000) // on a machine under load
t.spawn(path.join(__dirname, '../../build/Release/interleavings'), [], { name: 'interleavings', env: plainEnv() })
