'use strict'

// A small storm of kills finds nothing, and finds what it must where peers do what they must not. `npm run storm` is the long one.

const path = require('node:path')
const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const { start } = require('../helpers/child')

const STORM = path.join(__dirname, '../storm/index.js')
const NOTHING = 'torn 0, lost 0, stuck 0, crashed 0, left behind 0'

const startStorm = (t, ...args) => start(t, process.execPath, [STORM, ...args])

/** Its end, and its report. */
async function reported (storm) {
  const end = await storm.ended
  return { ...end, report: storm.lines.join('\n') }
}

for (const memory of [[], ['--posix']]) {
  t.test(`peers as they should be ${memory}`, async t => {
    const { code, report } = await reported(startStorm(t, '--kills', 150, '--seed', 1, ...memory))
    t.equal(code, 0, report)
    t.match(report, NOTHING)
    t.match(report, /^15\d kills/)
  })
}

const finds = { 'in-place': 'torn', 'take-back': 'lost', 'no-undo': 'stuck', abort: 'crashed' }
for (const [broken, kind] of Object.entries(finds)) {
  t.test(`peers that are broken: ${broken}`, async t => {
    const { code, report } = await reported(startStorm(t, '--kills', 150, '--seed', 1, '--watchdog', 1500, '--broken', broken))
    t.equal(code, 1, report)
    t.match(report, new RegExp(`${kind} [1-9]`))
  })
}

for (const ms of [0, 4000]) {
  t.test(`interrupted ${ms} ms after its beginning`, async t => {
    const storm = startStorm(t, '--minutes', 10)
    while (!storm.stderr.includes('kills')) await sleep(5)
    await sleep(ms)
    storm.process.kill('SIGINT')
    const { code, report } = await reported(storm)
    t.equal(code, 0, report)
    t.match(report, NOTHING)
  })
}

t.test('arguments that make no sense', async t => {
  for (const args of [['--kills', 'x'], ['--minutes', '-1'], ['--broken', 'y'], ['--wrong'], ['--kills', '0']]) {
    t.match(await startStorm(t, ...args).ended, { code: 2, stderr: /usage/ })
  }
})
