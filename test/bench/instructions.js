'use strict'

// npm run bench:instructions: that it counts right, and that it fails where it has to.

const { execFile, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')
const t = require('tap')
const { compare, updated } = require('../../bench/instructions/limits')
const { instructionsByObject } = require('../../bench/instructions/profile')
const { plainEnv } = require('../helpers/child')

const execute = promisify(execFile)
const FOLDER = path.join(__dirname, '../../bench/instructions')
const valgrindOnly = spawnSync('valgrind', ['--version']).error ? { skip: 'there is no valgrind' } : {}

t.test('a dump: own instructions count, those of callees do not', async t => {
  const dump = `# callgrind format
positions: line
events: Ir
ob=/lib/libc.so.6
fl=???
fn=memcpy
0 7

ob=/x/shmnode.node
fl=read.cc
fn=Read
0 100
fi=other.hpp
+3 20
cob=/lib/libc.so.6
cfn=memcpy
calls=1 0
0 7
-2 1
totals: 128
`
  t.same([...instructionsByObject(dump)], [['/lib/libc.so.6', 7], ['/x/shmnode.node', 121]])
})

t.test('what is over its limit is found, and what has none is not compared', async t => {
  const keys = { own: 'compiler', all: 'runtime' }
  const limits = { compiler: { read: 100, write: 100 }, runtime: { read: 1000 } }
  const found = compare([{ name: 'read', own: 103, all: 1101 }, { name: 'write', own: 103.1, all: 9e9 }], limits, keys)
  t.same(found.filter(({ over }) => over).map(({ name, kind }) => `${name} ${kind}`), ['read all', 'write own'])
  t.equal(found.find(({ name, kind }) => name === 'write' && kind === 'all').limit, undefined)
  t.equal(compare([{ name: 'read', own: 9e9, all: 9e9 }], limits, { own: 'another', all: 'another' }).some(({ over }) => over), false)
})

t.test('--update keeps the counts of other compilers', async t => {
  const limits = { other: { read: 1 }, compiler: { read: 2, gone: 3 } }
  t.same(updated(limits, [{ name: 'read', own: 5, all: 6 }], { own: 'compiler', all: 'runtime' }),
    { other: { read: 1 }, compiler: { read: 5, gone: 3 }, runtime: { read: 6 } })
})

const run = (...args) => execute(process.execPath, [path.join(FOLDER, 'index.js'), '--only', 'core', ...args], { env: plainEnv() })

t.test('the core under callgrind', valgrindOnly, async t => {
  const file = path.join(t.testdir(), 'limits.json')
  fs.writeFileSync(file, '{}')
  await run('--limits', file, '--update')
  const limits = JSON.parse(fs.readFileSync(file, 'utf8'))
  const [compiler] = Object.keys(limits)
  t.match(compiler, /^\w+ (gcc|clang) \d+$/)
  t.ok(limits[compiler]['Cell::Read'] > 50 && limits[compiler]['Cell::Read'] < limits[compiler]['Cell::Write'], 'a read takes less than a write')

  await run('--limits', file)
  limits[compiler]['Cell::Write'] *= 0.9
  fs.writeFileSync(file, JSON.stringify(limits))
  await t.rejects(run('--limits', file), { code: 1, stderr: 'Cell::Write: more instructions (own) than its limit allows\n' })
})
