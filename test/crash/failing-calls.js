'use strict'

// The n-th system call of a kind fails, and the n-th allocation on the pool, for every n. See also native/test/fail_calls.cc.

const fs = require('node:fs')
const path = require('node:path')
const t = require('tap')
const { FIXTURES, start } = require('../helpers/child')
const { rootOnly } = require('../helpers/run')

const SHIM = path.join(__dirname, '../../build/Release/failing_calls.node')

t.test('every fault ends in a typed error or in success, and the next call works', rootOnly, async t => {
  const order = path.join(t.testdir({ order: Buffer.alloc(16) }), 'order')
  // A sanitizer comes first, and its operator new then takes the place of the shim's.
  const others = process.env.LD_PRELOAD
  const env = { LD_PRELOAD: others ? `${others}:${SHIM}` : SHIM, SHMNODE_FAILING_CALLS: order }
  t.ok(fs.existsSync(SHIM), 'the shim is built')
  const alone = ['--ipc', '--mount', 'sh', '-c', 'mount -t tmpfs none /dev/shm && exec "$@"', 'sh']
  const child = start(t, 'unshare', [...alone, process.execPath, path.join(FIXTURES, 'failing-calls.js'), order], env)
  const results = await child.line().then(JSON.parse)
  for (const { name, runs, problems } of results) {
    t.same(problems, [], `${name}: nothing is wrong`)
    t.ok(runs > 0 || (others && name.startsWith('operator')), `${name}: ${runs} faults were met`)
  }
  t.match(await child.ended, { code: 0, signal: null })
})
