'use strict'

// The suites that are about both kinds of shared memory, over POSIX's: what they call by key, name or id is in /dev/shm
// (test/helpers/over-posix.js); a case about what only System V has (private segments, lists, the classic program) is skipped in them.
// Left out are those that would say nothing or something else over POSIX: list, references and limits (keys, ids, ftok, the kernel's
// tables), default-segment (a numeric key), foreign and layout-versions (names without a slash, lists), raw (its case of lists), posix
// (is about it as it is), posix-semaphore (the lock of raw segments, wherever they are), and those about arguments, loading and tracing.

const path = require('node:path')
const t = require('tap')
const { OVER_POSIX, plainEnv } = require('../helpers/child')

const SUITES = {
  binding: ['abort', 'close', 'corrupt', 'data', 'destroy', 'inline', 'lock', 'newer-than', 'open', 'pending', 'raw-open', 'raw-view', 'read-into', 'read', 'rights', 'sizes', 'snapshot', 'stats', 'sync', 'transfer', 'update', 'versions', 'watch', 'watch-end', 'watch-resources'],
  'multi-process': ['exit', 'flood', 'lock', 'peer', 'raw', 'taken-away', 'update', 'waiting-room'],
  crash: ['holders', 'signals', 'writers']
}

const env = plainEnv({ SHMNODE_TEST_MEMORY: 'posix', NODE_OPTIONS: OVER_POSIX })

t.setTimeout(900_000) // on a machine under load
for (const [folder, names] of Object.entries(SUITES)) {
  for (const name of names) t.spawn(process.execPath, [path.join(__dirname, '..', folder, `${name}.js`)], { name: `${folder}/${name}`, env })
}
