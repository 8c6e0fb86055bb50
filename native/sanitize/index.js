'use strict'

// npm run test:asan and npm run test:tsan: the tests under sanitizers, in builds of their own under build/Sanitize.
//
//   npm run test:asan                  AddressSanitizer, its leak check and UndefinedBehaviorSanitizer, under the whole suite
//   npm run test:asan -- TEST FILES    the same under these files alone
//   npm run test:asan -- --core        the same under the core's programs alone
//   npm run test:tsan                  ThreadSanitizer, under those tests of native/test that have threads
//
// Before that, the sanitizers have to find mistakes on purpose: see self-check.js.
//
// Node.js itself is not compiled for them. AddressSanitizer is loaded before it, so that memory which the addon shares with it
// is watched too; ThreadSanitizer would take everything that Node.js does for a race, so it has native/test alone.

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { problems } = require('./reports')
const { selfCheck } = require('./self-check')
const { LEFT_OUT } = require('./left-out')
const { copyTree, build } = require('./tree')

const SANITIZERS = {
  address: {
    kinds: 'address,undefined',
    core: { targets: ['broken_addon', 'core_test', 'fail_calls', 'failing_calls'], programs: [['core_test'], ['core_test', '--posix'], ['fail_calls'], ['fail_calls', '--posix']] },
    preload: 'libasan.so',
    // A small quarantine: some tests look at how memory grows. LeakSanitizer's own exit code is 0, as Node.js leaks at exit: see
    // reports.js for what counts.
    env: log => ({
      ASAN_OPTIONS: `detect_leaks=1:abort_on_error=1:quarantine_size_mb=4:detect_stack_use_after_return=1:handle_sigbus=0:symbolize=0:log_path=${log}`,
      LSAN_OPTIONS: 'exitcode=0:report_objects=0',
      UBSAN_OPTIONS: `print_stacktrace=1:log_path=${log}`
    })
  },
  thread: {
    kinds: 'thread',
    core: { targets: ['broken_threads', 'core_test'], programs: [['core_test', 'thread'], ['core_test', 'wait newer'], ['core_test', 'change waiter']] },
    env: log => ({ TSAN_OPTIONS: `suppressions=${path.join(__dirname, 'thread.supp')}:log_path=${log}:second_deadlock_stack=1` })
  }
}

/** Where sanitizers write from now on, and the environment that tells them to. */
function session (tree, { preload, env }) {
  const folder = path.join(tree, 'reports')
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder)
  fs.chmodSync(folder, 0o1777) // some tests change the user
  const library = preload && execFileSync('gcc', [`-print-file-name=${preload}`], { encoding: 'utf8' }).trim()
  return { folder, env: { ...env(path.join(folder, 'report')), ...(library && { LD_PRELOAD: library }) } }
}

/** One command in the copy; true if it left with 0. */
function passes (tree, command, args, env) {
  const began = Date.now()
  const { status, signal } = spawnSync(command, args, { cwd: tree, env: { ...process.env, ...env }, stdio: 'inherit' })
  const name = [path.basename(command), ...args.filter(arg => !arg.startsWith('--test-env='))].join(' ')
  console.log(`${status === 0 ? 'ok' : 'not ok'} - ${name} (${((Date.now() - began) / 1000).toFixed(0)} s)${signal ?? ''}`)
  return status === 0
}

/** The command line of the test runner, which needs no sanitizer itself. `which`: files, or options that choose them. */
function tap (which, env) {
  const variables = Object.entries(env).map(([name, value]) => `--test-env=${name}=${value}`)
  return ['npx', ['--no-install', 'tap', '--reporter=tap', '--timeout=900', ...variables, ...which]]
}

/** These test files, or all but those that are left out. */
function suite (files, env) {
  return tap(files.length > 0 ? files : Object.keys(LEFT_OUT).map(file => `--exclude=${file}`), env)
}

function run (name, coreAlone, files) {
  const sanitizer = SANITIZERS[name]
  const { kinds, core } = sanitizer
  const tree = copyTree(name)
  const built = path.join(tree, 'build/Release')
  build(tree, kinds, coreAlone ? core.targets : [])
  if (!selfCheck(name, built, () => session(tree, sanitizer))) return false
  const programs = core.programs.map(([program, ...args]) => [path.join(built, program), ...args])
  const { folder, env } = session(tree, sanitizer)
  const results = coreAlone
    ? programs.map(([command, ...args]) => passes(tree, command, args, env))
    : [passes(tree, ...suite(files, env))]
  const found = problems(folder)
  for (const problem of found) console.log(problem)
  console.log(`${found.length} reports of sanitizers`)
  return results.every(Boolean) && found.length === 0
}

const { values, positionals } = parseArgs({ options: { core: { type: 'boolean', default: false } }, allowPositionals: true })
const [name, ...files] = positionals
process.exitCode = run(name, values.core || name === 'thread', files) ? 0 : 1
