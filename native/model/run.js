'use strict'

// npm run model: Spin's exhaustive search of the models beside this file, as they are, and with one step broken at a
// time: then it must find what that step is there against. Needs spin and cc, installs nothing.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const LONGEST = 240_000 // ms, for one search

const AS_IS = [
  { model: 'cell.pml', name: 'the cell, two slots' },
  { model: 'cell.pml', name: 'the cell, three slots', define: ['SLOTS=3'] },
  { model: 'cell.pml', name: 'the cell, reader between the steps of writers', define: ['INTERLEAVED', 'WRITES=1', 'KILLS=1', 'ROUNDS=1'] },
  { model: 'turnstile.pml', name: 'the lock excludes, and never stays taken' },
  { model: 'turnstile.pml', name: 'the lock serves who is through the gate', live: true }
]

// What the search must find, by the words of its first line.
const BROKEN = [
  { model: 'cell.pml', define: ['WITHOUT_RELEASE_FENCE'], finds: '!(torn)' },
  { model: 'cell.pml', define: ['WITHOUT_ACQUIRE_FENCE'], finds: '!(torn)' },
  { model: 'cell.pml', define: ['WITHOUT_SECOND_CHECK'], finds: '!(torn)' },
  { model: 'cell.pml', define: ['WITH_LATE_MARK'], finds: '!(torn)' },
  { model: 'cell.pml', define: ['WITH_RELAXED_MARK'], finds: '!(falsely_corrupt)' },
  { model: 'cell.pml', define: ['WITH_RELAXED_COMMIT'], finds: '!(falsely_corrupt)' },
  { model: 'cell.pml', define: ['WITH_RELAXED_READ_OF_COMMIT'], finds: '!(falsely_corrupt)' },
  { model: 'cell.pml', define: ['WITH_RELAXED_FIRST_CHECK'], finds: '!(falsely_corrupt)' },
  { model: 'cell.pml', define: ['WITHOUT_SLOTS'], finds: '!(falsely_corrupt)' },
  { model: 'cell.pml', define: ['SLOTS=1'], finds: '!(falsely_corrupt)' },
  { model: 'turnstile.pml', define: ['WITHOUT_UNDO'], finds: 'invalid end state' },
  { model: 'turnstile.pml', define: ['WITH_FORGOTTEN_GATE'], finds: 'invalid end state' },
  { model: 'turnstile.pml', define: ['WITH_TWO_STEPS'], finds: 'assertion violated' },
  { model: 'turnstile.pml', define: ['WITHOUT_TURNSTILE'], live: true, finds: 'acceptance cycle' }
]

/** Gives what the command printed; throws where it could not run or took too long. */
function run (command, args, cwd) {
  const { error, status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: LONGEST })
  if (error?.code === 'ENOENT') throw new Error(`${command} is not installed: apt-get install ${command === 'cc' ? 'gcc' : command}`)
  if (error) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`)
  return stdout
}

/** Compiles the model and searches all of it. */
function search ({ model, define = [], live = false }, scratch) {
  run('spin', ['-a', ...define.map(name => `-D${name}`), path.join(__dirname, model)], scratch)
  const kind = live ? ['-DNFAIR=3'] : ['-DSAFETY', '-DNOCLAIM']
  run('cc', ['-O2', '-w', '-DVECTORSZ=2048', '-DCOLLAPSE', '-DMEMLIM=4000', ...kind, '-o', 'pan', 'pan.c'], scratch)
  return run(path.join(scratch, 'pan'), ['-m1000000', ...(live ? ['-a', '-f'] : [])], scratch)
}

/** Undefined where the search found what it should, else what it printed. */
function verdict ({ finds }, report) {
  const whole = !/Search not completed|max search depth too small/.test(report) && / errors: 0$/m.test(report)
  const found = /^pan:1: .*$/m.exec(report)?.[0] ?? ''
  return (finds ? found.includes(finds) : whole) ? undefined : report
}

function titleOf ({ name, model, define }) {
  return name ?? `${path.basename(model, '.pml')} ${define.join(' ').toLowerCase().replaceAll('_', ' ')}`
}

/** Tells on one line how a search ended; true if it ended as it should. */
function check (expectation, scratch) {
  const report = search(expectation, scratch)
  const wrong = verdict(expectation, report)
  const states = Number(/(\d+) states, stored/.exec(report)?.[1]).toLocaleString('en')
  const outcome = expectation.finds ? `refuted: ${/^pan:1: (.*) \(at depth/m.exec(report)?.[1]}` : `holds in all of ${states} states`
  console.log(wrong ? `not ok - ${titleOf(expectation)}\n${wrong}` : `ok - ${titleOf(expectation)}: ${outcome}`)
  return !wrong
}

function main () {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'shmnode-model-'))
  try {
    const results = [...AS_IS, ...BROKEN].map(expectation => check(expectation, scratch))
    process.exitCode = results.every(Boolean) ? 0 : 1
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  } finally {
    fs.rmSync(scratch, { recursive: true })
  }
}

main()
