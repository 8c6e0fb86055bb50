'use strict'

// The only loader of the addon. A release build wins over a prebuilt binary, and that over a debug build.

const path = require('node:path')
const nodeGypBuild = require('node-gyp-build')
const { ShmError } = require('./errors')

const root = path.join(__dirname, '..')

function load () {
  try {
    return nodeGypBuild(root)
  } catch (cause) {
    throw new ShmError('ERR_SHM_NOT_BUILT', 'the native addon is not built: run `npm rebuild shmnode`, which needs a C++20 compiler, make and ' +
      'Python 3 (in a checkout: `npm run build`). ' + cause.message, { cause })
  }
}

module.exports = load()
