'use strict'

/**
 * What a callgrind dump counts: instructions by object file, each function's own without those it calls. The dump has to be made
 * with --compress-strings=no.
 * @param {string} dump the text of the file
 * @returns {Map<string, number>} the path of an object file, and its instructions
 */
function instructionsByObject (dump) {
  const counts = new Map()
  let object = ''
  let ofCallee = false
  for (const line of dump.split('\n')) {
    if (line.startsWith('ob=')) object = line.slice(3)
    else if (line.startsWith('calls=')) ofCallee = true // the next line is what the callee took
    else if (/^[\d+*-]/.test(line)) {
      if (!ofCallee) counts.set(object, (counts.get(object) ?? 0) + Number(line.split(' ')[1]))
      ofCallee = false
    }
  }
  return counts
}

module.exports = { instructionsByObject }
