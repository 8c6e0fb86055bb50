'use strict'

// What npm run test:asan leaves out of the suite, and why it says nothing there.

const LEFT_OUT = {
  'test/bench/instructions.js': 'counts the instructions of the core as it is shipped, under valgrind',
  'test/native/comments.js': 'only compiles',
  'test/native/headers.js': 'only compiles',
  'test/native/installed.js': 'runs programs that people compile without a sanitizer, and starts npm',
  'test/native/interleavings.js': 'has every access to memory call functions of its own, as a sanitizer has',
  'test/native/kill-every-instruction.js': 'counts the instructions of the core as it is shipped, and single-steps them'
}

module.exports = { LEFT_OUT }
