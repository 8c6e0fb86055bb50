'use strict'

// One function in a process of its own: as another user, with another environment, in another IPC namespace.

const { execFile } = require('node:child_process')
const path = require('node:path')
const { promisify } = require('node:util')
const { FIXTURES, plainEnv } = require('./child')

const execute = promisify(execFile)
const RUN = path.join(FIXTURES, 'run.js')

/**
 * LeakSanitizer, under npm run test:asan, fails where a process may not trace itself, as after a change of users, and takes seconds
 * when a process ends.
 */
const withoutLeakCheck = () => process.env.ASAN_OPTIONS && { ASAN_OPTIONS: `${process.env.ASAN_OPTIONS}:detect_leaks=0` }

/**
 * Runs `fn(shm, ...args)`, which sees nothing of where it is written, and gives what it resolves to, or rejects alike.
 * @param {{ uid?: number, env?: object, execArgv?: string[], shell?: string }} options `shell`: a command line to
 *   run before it, in an IPC namespace of their own
 */
async function run (fn, args = [], { uid, env, execArgv = [], shell } = {}) {
  const node = [process.execPath, ...execArgv, RUN, String(fn), JSON.stringify({ uid, args })]
  const [command, ...rest] = shell === undefined ? node : ['unshare', '--ipc', 'sh', '-c', `${shell} && exec "$0" "$@"`, ...node]
  const { stdout } = await execute(command, rest, { env: plainEnv(uid === undefined ? env : { ...withoutLeakCheck(), ...env }) })
  const { value, error } = JSON.parse(stdout)
  if (error !== undefined) throw Object.assign(new Error(error.message), error)
  return value
}

const asUser = (uid, fn, ...args) => run(fn, args, { uid })

const isRoot = process.geteuid() === 0
/** For tests that change users or namespaces. */
const rootOnly = isRoot ? {} : { skip: 'needs root' }

module.exports = { run, withoutLeakCheck, asUser, isRoot, rootOnly, NOBODY: 65534 }
