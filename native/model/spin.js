'use strict'

// Spin's exhaustive search of cell.pml, watchers.pml and turnstile.pml.

const path = require('node:path')
const { run } = require('./command')

exports.command = 'spin'
exports.origin = 'apt-get install spin'

const asIs = [
  { model: 'cell.pml', name: 'two slots' },
  { model: 'cell.pml', name: 'three slots', define: ['SLOTS=3'] },
  { model: 'cell.pml', name: 'the reader between the steps of writers', define: ['INTERLEAVED', 'WRITES=1', 'KILLS=1', 'ROUNDS=1'] },
  { model: 'watchers.pml', name: 'nobody sleeps over a commit', define: ['WRITES=1'] },
  { model: 'watchers.pml', name: 'nor over the next one', define: ['WAITERS=1'] },
  { model: 'turnstile.pml', name: 'excludes, and never stays taken' },
  { model: 'turnstile.pml', name: 'serves who is behind the gate, and who is next', live: 'served' },
  { model: 'turnstile.pml', name: 'opens the gate again and again', live: 'opens' }
]

// What the search must find.
const broken = [
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
  { model: 'watchers.pml', define: ['WITHOUT_FENCE', 'WRITES=1'], finds: 'assertion violated' },
  { model: 'watchers.pml', define: ['WITH_LOWERING', 'WRITES=1'], finds: 'assertion violated' },
  { model: 'watchers.pml', define: ['WITH_LATE_ANNOUNCEMENT', 'WRITES=1'], finds: 'invalid end state' },
  { model: 'watchers.pml', define: ['WITHOUT_WOKEN', 'WRITES=1'], finds: 'assertion violated' },
  { model: 'turnstile.pml', define: ['WITHOUT_UNDO'], finds: 'invalid end state' },
  { model: 'turnstile.pml', define: ['WITH_FORGOTTEN_GATE'], finds: 'invalid end state' },
  { model: 'turnstile.pml', define: ['WITH_TWO_STEPS'], finds: 'assertion violated' },
  { model: 'turnstile.pml', define: ['WITHOUT_TURNSTILE'], live: 'served', finds: 'acceptance cycle' },
  { model: 'turnstile.pml', define: ['WITH_OVERTAKING'], live: 'served', finds: 'acceptance cycle' },
  { model: 'turnstile.pml', define: ['WITH_OVERTAKING'], name: 'with overtaking, the gate', live: 'opens', finds: 'acceptance cycle' },
  { model: 'turnstile.pml', define: ['WITH_MANY_NEXT'], finds: 'assertion violated' },
  { model: 'turnstile.pml', define: ['WITH_WRONG_PLACE_LEFT'], finds: 'invalid end state' }
]

exports.checks = [...asIs, ...broken]

/** What the whole search found first (undefined: nothing), and its size. */
exports.search = function ({ model, define = [], live }, scratch) {
  run('spin', ['-a', ...define.map(name => `-D${name}`), path.join(__dirname, model)], { cwd: scratch })
  const kind = live ? ['-DNFAIR=3'] : ['-DSAFETY', '-DNOCLAIM']
  run('cc', ['-O2', '-w', '-DVECTORSZ=2048', '-DCOLLAPSE', '-DMEMLIM=4000', ...kind, '-o', 'pan', 'pan.c'], { cwd: scratch })
  const report = run(path.join(scratch, 'pan'), ['-m1000000', ...(live ? ['-a', '-f', '-N', live] : [])], { cwd: scratch })
  const found = /^pan:1: (.*) \(at depth/m.exec(report)?.[1]
  const whole = / errors: 0$/m.test(report) && !/not completed|depth too small/.test(report)
  if (!found && !whole) throw new Error(report)
  return { found, size: `${/(\d+) states, stored/.exec(report)[1]} states` }
}
