'use strict'

const { spawnSync } = require('node:child_process')

const LONGEST = 600_000 // ms, for one search

exports.isInstalled = function (command) {
  return spawnSync(command, ['--version']).error?.code !== 'ENOENT'
}

/** Gives what the command printed; throws where it took too long, or left with an exit code that is not allowed. */
exports.run = function (command, args, { cwd, allowed = [0] } = {}) {
  const { error, status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: LONGEST })
  if (error) throw error
  if (!allowed.includes(status)) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`)
  return stdout + stderr
}
