'use strict'

// The suites that are about both kinds of shared memory, over POSIX's: what they call by key, name or id is in /dev/shm
// (test/helpers/over-posix.js). The others are about what only System V has: ids, private segments, what lists and errors say of it.

const path = require('node:path')
const t = require('tap')
const { OVER_POSIX, plainEnv } = require('../helpers/child')

const SUITES = {
  binding: ['abort', 'close', 'corrupt', 'data', 'inline', 'lock', 'pending', 'raw-view', 'read-into', 'read', 'sizes', 'snapshot', 'stats', 'sync', 'transfer', 'update', 'versions', 'watch'],
  'multi-process': ['exit', 'flood', 'lock', 'peer', 'raw', 'taken-away', 'update', 'waiting-room'],
  crash: ['holders', 'signals', 'writers']
}

const env = plainEnv({ SHMNODE_TEST_MEMORY: 'posix', NODE_OPTIONS: OVER_POSIX })

t.setTimeout(900_000) // on a machine under load
for (const [folder, names] of Object.entries(SUITES)) {
  for (const name of names) t.spawn(process.execPath, [path.join(__dirname, '..', folder, `${name}.js`)], { name: `${folder}/${name}`, env })
}
