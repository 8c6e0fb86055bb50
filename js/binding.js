'use strict'

// The only loader of the addon. What was built here wins over a prebuilt binary, a release build over a debug build.

const fs = require('node:fs')
const path = require('node:path')
const nodeGypBuild = require('node-gyp-build')
const { ShmError } = require('./errors')

const ROOT = path.join(__dirname, '..')

function load () {
  // By name: a checkout's build has other .node files too, and node-gyp-build takes the first that it finds.
  const built = ['Release', 'Debug'].map(kind => path.join(ROOT, 'build', kind, 'shmnode.node')).find(fs.existsSync)
  return built ? require(built) : nodeGypBuild(ROOT)
}

try {
  module.exports = load()
} catch (cause) {
  throw new ShmError('ERR_SHM_NOT_BUILT', 'the native addon is not built: run `npm rebuild shmnode` (in a checkout: `npm run build`), which ' +
    `needs a C++20 compiler, make and Python 3. ${cause.message}`, { cause })
}
