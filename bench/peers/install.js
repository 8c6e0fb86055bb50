'use strict'

// The peers are no dependencies of the repository, whose users would have to compile them: they are installed when they are needed.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

/** Installs what package-lock.json here names, unless that was done. What cannot be built is told of when it is needed. */
function installPeers () {
  const lock = path.join(__dirname, 'package-lock.json')
  const installed = path.join(__dirname, 'node_modules/.package-lock.json')
  if (fs.existsSync(installed) && fs.statSync(installed).mtimeMs >= fs.statSync(lock).mtimeMs) return
  console.error('installing the peers into bench/peers ...')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--workspaces=false'], { cwd: __dirname, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) console.error('npm ci in bench/peers failed: those that are not there are left out')
}

module.exports = { installPeers }
