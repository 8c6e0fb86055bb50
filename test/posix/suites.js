'use strict'

// The suites that are about both kinds of shared memory, over POSIX's: what they call by key, name or id is in /dev/shm
// (test/helpers/over-posix.js); a case about what only System V has (private segments, attaches of all processes, the classic program) is skipped in them.
// Left out are those that would say nothing or something else over POSIX: list, references and limits (keys, ids, ftok, the kernel's
// tables), default-segment (a numeric key), posix (is about it as it is), and those about arguments, loading and tracing.

const path = require('node:path')
const t = require('tap')
const { OVER_POSIX, plainEnv } = require('../helpers/child')

const SUITES = {
  binding: ['abort', 'close', 'corrupt', 'data', 'destroy', 'foreign', 'inline', 'layout-versions', 'lock', 'newer-than', 'open', 'pending', 'posix-semaphore', 'raw', 'raw-open', 'raw-view', 'read-into', 'read', 'rights', 'sizes', 'snapshot', 'stats', 'sync', 'transfer', 'update', 'versions', 'watch', 'watch-end', 'watch-resources'],
  'multi-process': ['exit', 'flood', 'lock', 'peer', 'raw', 'split-brain', 'taken-away', 'update', 'waiting-room'],
  crash: ['creators', 'failing-calls', 'holders', 'signals', 'writers']
}

const env = plainEnv({ SHMNODE_TEST_MEMORY: 'posix', NODE_OPTIONS: OVER_POSIX })

t.setTimeout(900_000) // on a machine under load
for (const [folder, names] of Object.entries(SUITES)) {
  for (const name of names) t.spawn(process.execPath, [path.join(__dirname, '..', folder, `${name}.js`)], { name: `${folder}/${name}`, env })
}
