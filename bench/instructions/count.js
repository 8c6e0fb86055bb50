'use strict'

const { execFile } = require('node:child_process')
const fs = require('node:fs/promises')
const os = require('node:os')
const path = require('node:path')
const { promisify } = require('node:util')
const { instructionsByObject } = require('./profile')

const execute = promisify(execFile)
const BUILT = path.join(__dirname, '../../build/Release')

/**
 * What is counted: the instructions in `object`, per call. A program prints its subjects and calls BenchInstructionsMark before
 * and after each.
 */
const PROGRAMS = {
  core: { command: [path.join(BUILT, 'core_steps')], object: path.join(BUILT, 'core_steps') },
  // --jitless: what V8 compiles, and when, differs from run to run. Nothing is generated then, so nothing has to be looked for.
  node: {
    command: [process.execPath, '--jitless', '--single-threaded', path.join(__dirname, 'steps.js')],
    object: path.join(BUILT, 'shmnode.node')
  }
}

const CALLGRIND = ['--tool=callgrind', '--dump-before=BenchInstructionsMark', '--compress-strings=no', '--smc-check=none']

/**
 * @typedef {object} Count
 * @property {string} name
 * @property {number} own instructions a call in our own machine code
 * @property {number} all instructions a call in the whole process, Node.js and the C library included, the kernel not
 */

/** @param {'core' | 'node'} program @returns {Promise<Count[]>} */
async function count (program) {
  const { command, object } = PROGRAMS[program]
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'shmnode-instructions-'))
  try {
    const out = path.join(folder, 'dump')
    const { NODE_OPTIONS, ...env } = process.env
    const { stdout } = await execute('valgrind', [...CALLGRIND, `--callgrind-out-file=${out}`, ...command], { env })
    const subjects = JSON.parse(stdout)
    // Dump 1 is all before the first mark, 2 the first subject, 3 the next warm-up, and so on.
    return await Promise.all(subjects.map(async ({ name, calls }, i) => perCall(name, calls, object, await fs.readFile(`${out}.${2 * i + 2}`, 'utf8'))))
  } finally {
    await fs.rm(folder, { recursive: true })
  }
}

function perCall (name, calls, object, dump) {
  const counts = instructionsByObject(dump)
  const own = counts.get(object)
  if (own === undefined) throw new Error(`${name}: nothing ran in ${object}`)
  const all = [...counts.values()].reduce((sum, n) => sum + n)
  return { name, own: round(own / calls), all: round(all / calls) }
}

const round = n => Math.round(n * 10) / 10

module.exports = { count, PROGRAMS }
