'use strict'

// npm run fuzz: libFuzzer over headers and descriptors, from the inputs that are kept in corpus/.
//
//   npm run fuzz -- [--minutes 1] [--target header | flip]   three quarters of the time for `header`, the rest for `flip`
//   npm run fuzz -- --mutants                                is each deliberate mistake of mutants.js found?
//   npm run fuzz -- --keep                                   adds to corpus/ what the runs so far have found and is worth it

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const corpus = require('./corpus')
const mutants = require('./mutants')

const ROOT = path.join(__dirname, '../..')
const BUILD = path.join(ROOT, 'build/Fuzz')
const CORE = path.join(ROOT, 'native/include')
const SHARES = { header: 0.75, flip: 0.25 }
const SECONDS_FOR_A_MUTANT = 120

const COMPILER = ['clang++', 'clang++-19', 'clang++-16', 'clang++-14'].find(name => spawnSync(name, ['--version']).status === 0)
const FLAGS = ['-std=c++20', '-O1', '-g', '-fno-omit-frame-pointer', '-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=undefined']
const NEEDED = 'npm run fuzz needs Clang with its libFuzzer (Debian: apt-get install clang libclang-rt-14-dev), and is not run'

/** Compiles a fuzz program over the core that lies in `include`, and gives its path. */
function build (target, include = CORE, folder = BUILD) {
  const program = path.join(folder, target)
  const sources = [`${target}_fuzz.cc`, 'fenced_attach.cc'].map(file => path.join(__dirname, file))
  fs.mkdirSync(folder, { recursive: true })
  const { status } = spawnSync(COMPILER, [...FLAGS, `-I${include}`, ...sources, '-o', program], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${target} does not compile`)
  return program
}

/** Runs a fuzz program, and gives its exit code and what it printed. */
function run (program, target, seconds, show) {
  const found = corpus.unpack(target, BUILD)
  const args = [found, `-max_total_time=${seconds}`, '-max_len=128', '-timeout=20', '-use_value_profile=1', '-print_final_stats=1', '-verbosity=1',
    `-dict=${path.join(__dirname, 'header.dict')}`, `-artifact_prefix=${path.dirname(program)}/${target}-`]
  const { status, stderr } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', maxBuffer: 2 ** 30 })
  if (show) console.log(summary(target, stderr))
  return { status, output: stderr }
}

/** What libFuzzer tells at the end: executions, edges that were reached of those that there are, the inputs that reach them. */
function summary (target, output) {
  const last = [...output.matchAll(/cov: (\d+) ft: (\d+) corp: (\d+)/g)].at(-1) ?? []
  const edges = /\((\d+) inline 8-bit counters\)/.exec(output)?.[1]
  const executions = /number_of_executed_units: (\d+)/.exec(output)?.[1]
  return `${target}: ${executions} executions, ${last[1]} of ${edges} edges, ${last[3]} inputs in the corpus`
}

function fuzz (targets, minutes) {
  const whole = targets.reduce((sum, target) => sum + SHARES[target], 0)
  for (const target of targets) {
    const { status, output } = run(build(target), target, Math.ceil(minutes * 60 * SHARES[target] / whole), true)
    if (status === 0) continue
    console.log(output.slice(output.search(/DOES NOT HOLD|ERROR/)))
    console.log(`not ok - ${target}: the input lies in ${BUILD}; \`npm run fuzz -- --keep\` keeps no such inputs, corpus/${target}.hex is the place`)
    process.exitCode = 1
  }
}

/** The core with one mistake in it, in a folder of its own. */
function mutate ({ file, from, to }) {
  const include = path.join(BUILD, 'mutant/include')
  fs.rmSync(include, { recursive: true, force: true })
  fs.cpSync(CORE, include, { recursive: true })
  const header = path.join(include, 'shmnode', file)
  const parts = fs.readFileSync(header, 'utf8').split(from)
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${from}`)
  fs.writeFileSync(header, parts.join(to))
  return include
}

function findMutants () {
  for (const mutant of mutants) {
    const began = Date.now()
    const program = build(mutant.target, mutate(mutant), path.join(BUILD, 'mutant'))
    const isFound = run(program, mutant.target, SECONDS_FOR_A_MUTANT, false).status !== 0
    console.log(`${isFound ? 'ok' : 'not ok'} - ${mutant.what} (${mutant.target}, ${((Date.now() - began) / 1000).toFixed(0)} s)`)
    if (!isFound) process.exitCode = 1
  }
}

function main () {
  const { values: given } = parseArgs({
    options: {
      minutes: { type: 'string', default: '1' },
      target: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false }
    }
  })
  if (COMPILER === undefined) {
    console.error(NEEDED)
    process.exitCode = 1
    return
  }
  const targets = given.target ? [given.target] : Object.keys(SHARES)
  if (given.mutants) findMutants()
  else if (given.keep) for (const target of targets) corpus.keep(target, BUILD, build(target))
  else fuzz(targets, Number(given.minutes))
}

main()
