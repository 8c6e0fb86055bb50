'use strict'

// What the sanitizers wrote down while the tests ran. Each process has a file of its own, so nothing is lost with a pipe.

const fs = require('node:fs')
const path = require('node:path')

/** The runtime, the C++ library and Node-API's C++ face, through which our code allocates. */
const THROUGH = /libsanitizer|libasan|libstdc\+\+|\/bits\/|\/ext\/|\/c\+\+\/|node-addon-api/
const OURS = /\bnative\/\w+\//

/** Node.js leaves much behind at exit. A leak is ours if our code is the first on its stack. */
function isOurLeak (record) {
  const frames = record.split('\n').filter(line => /^\s+#\d+ /.test(line))
  const first = frames.find(frame => !THROUGH.test(frame))
  return first !== undefined && OURS.test(first)
}

const leaks = text => text.split(/\n\n/).filter(part => /(Direct|Indirect) leak of/.test(part))

/** Everything in the folder that has to be looked at. */
function problems (folder) {
  return fs.readdirSync(folder).flatMap(file => {
    const text = fs.readFileSync(path.join(folder, file), 'utf8')
    if (/ERROR: (AddressSanitizer|UndefinedBehaviorSanitizer)|WARNING: ThreadSanitizer|runtime error:/.test(text)) return [text]
    return leaks(text).filter(isOurLeak)
  })
}

module.exports = { problems }
