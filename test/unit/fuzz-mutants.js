'use strict'

// npm run fuzz -- --mutants takes a while; that its mistakes can still be made in the core shows at once.

const fs = require('node:fs')
const path = require('node:path')
const t = require('tap')
const mutants = require('../../native/fuzz/mutants')

const CORE = path.join(__dirname, '../../native/include/shmnode')

t.test('each takes the place of what stands once in the core', t => {
  for (const { what, file, from } of mutants) {
    t.equal(fs.readFileSync(path.join(CORE, file), 'utf8').split(from).length, 2, what)
  }
  t.end()
})
