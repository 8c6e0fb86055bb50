'use strict'

// What the sanitizers wrote down while the tests ran. Each process has a file of its own, so nothing is lost with a pipe.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

/** The runtime and the C++ library, through which our code allocates. */
const THROUGH = /libasan|libstdc\+\+/
const OURS = /\/build\/Release\//

/** Node.js leaves much behind at exit. A leak is ours if our code is the first on its stack. */
function isOurLeak (record) {
  const frames = record.split('\n').filter(line => /^\s+#\d+ /.test(line))
  const first = frames.find(frame => !THROUGH.test(frame))
  return first !== undefined && OURS.test(first)
}

/** Function and line for what is given as (file+0xoffset) alone. The runtime would look up all that Node.js leaks: minutes. */
function withNames (text) {
  return text.replace(/\((\/[^()]*\/build\/Release\/[^()]+)\+(0x[0-9a-f]+)\)/g, (place, file, offset) => {
    const { stdout } = spawnSync('addr2line', ['-Cfipe', file, offset], { encoding: 'utf8' })
    return stdout ? stdout.trim() : place
  })
}

const leaks = text => text.split(/\n\n/).filter(part => /(Direct|Indirect) leak of/.test(part))

/** Everything in the folder that has to be looked at. */
function problems (folder) {
  return fs.readdirSync(folder).flatMap(file => {
    const text = fs.readFileSync(path.join(folder, file), 'utf8')
    if (/ERROR: (AddressSanitizer|UndefinedBehaviorSanitizer)|WARNING: ThreadSanitizer|runtime error:/.test(text)) return [withNames(text)]
    return leaks(text).filter(isOurLeak).map(withNames)
  })
}

module.exports = { problems }
