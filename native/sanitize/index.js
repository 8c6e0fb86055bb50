'use strict'

// npm run test:asan and npm run test:tsan: the tests under sanitizers, in builds of their own under build/Sanitize.
//
//   npm run test:asan -- [--core] [TEST FILES]   AddressSanitizer, its leak check and UndefinedBehaviorSanitizer: the core's
//                                                programs, then the whole suite or the files named; --core: only the programs
//   npm run test:tsan                            ThreadSanitizer: those tests of the core that have threads
//
// Node.js itself is not compiled for them. AddressSanitizer is loaded before it, so that memory which the addon shares with it
// is watched too; ThreadSanitizer would take everything that Node.js does for a race, so it has the core alone.

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { problems } = require('./reports')
const { copyTree, build } = require('./tree')

const ADDRESS = {
  kinds: 'address,undefined',
  targets: [],
  preload: 'libasan.so',
  programs: [['core_test'], ['fail_calls']],
  // A small quarantine: some tests look at how memory grows. LeakSanitizer's own exit code is 0, as Node.js leaks at exit: see
  // reports.js for what counts.
  env: log => ({
    ASAN_OPTIONS: `detect_leaks=1:abort_on_error=1:quarantine_size_mb=4:detect_stack_use_after_return=1:log_path=${log}`,
    LSAN_OPTIONS: 'exitcode=0:report_objects=0',
    UBSAN_OPTIONS: `print_stacktrace=1:log_path=${log}`
  })
}
const THREAD = {
  kinds: 'thread',
  targets: ['core_test'],
  programs: [['core_test', 'threads']],
  env: log => ({ TSAN_OPTIONS: `suppressions=${path.join(__dirname, 'thread.supp')}:log_path=${log}:second_deadlock_stack=1` })
}

/** One command in the copy; true if it left with 0. */
function passes (tree, command, args, env) {
  const began = Date.now()
  const { status, signal } = spawnSync(command, args, { cwd: tree, env: { ...process.env, ...env }, stdio: 'inherit' })
  const name = [path.basename(command), ...args].join(' ')
  console.log(`${status === 0 ? 'ok' : 'not ok'} - ${name} (${((Date.now() - began) / 1000).toFixed(0)} s)${signal ?? ''}`)
  return status === 0
}

function run ({ kinds, targets, preload, programs, env }, name, suite) {
  const tree = copyTree(name)
  build(tree, kinds, targets)
  const reports = path.join(tree, 'reports')
  fs.rmSync(reports, { recursive: true, force: true })
  fs.mkdirSync(reports, { mode: 0o1777 }) // some tests change the user
  fs.chmodSync(reports, 0o1777)
  const options = env(path.join(reports, 'report'))
  if (preload) options.LD_PRELOAD = execFileSync('gcc', [`-print-file-name=${preload}`], { encoding: 'utf8' }).trim()
  const results = programs.map(([program, ...args]) => passes(tree, path.join(tree, 'build/Release', program), args, options))
  if (suite) results.push(passes(tree, 'npx', ['--no-install', 'tap', '--timeout=900', ...suite], options))
  const found = problems(reports)
  for (const problem of found) console.log(problem)
  console.log(`${found.length} reports of sanitizers`)
  return results.every(Boolean) && found.length === 0
}

const { values, positionals } = parseArgs({ options: { core: { type: 'boolean', default: false } }, allowPositionals: true })
const [name, ...files] = positionals
const passed = name === 'thread' ? run(THREAD, name) : run(ADDRESS, name, values.core ? undefined : files)
process.exitCode = passed ? 0 : 1
