'use strict'

// npm run bench: that it makes and measures the cases that it is asked for.

const t = require('tap')
const { execFile } = require('node:child_process')
const path = require('node:path')
const { promisify } = require('node:util')
const cases = require('../../bench/cases')
const { plainEnv } = require('../helpers/child')

const BENCH = path.join(__dirname, '../../bench/index.js')
const run = (...args) => promisify(execFile)(process.execPath, [BENCH, '--rounds', '1', ...args], { env: plainEnv() })

async function idsOf (...args) {
  const { stdout } = await run('--json', ...args)
  return JSON.parse(stdout).results.map(({ id }) => id)
}

t.test('a number stands for its variants, not for others that begin alike', async t => {
  t.same(await idsOf('--case', 'P1'), ['P1', 'P1c', 'P1m', 'P1l'])
  t.same(await idsOf('--case', 'P5,P3'), ['P3', 'P5', 'P5-100', 'P5-1000'])
  t.same(await idsOf('--case', 'P5-100'), ['P5-100'])
})

t.test('a case that there is not is refused with the usage', async t => {
  for (const name of ['P11', 'p1', '', 'P1,', 'P']) {
    await t.rejects(run('--case', name), { code: 2, stderr: /--case .*\nusage: npm run bench/s }, JSON.stringify(name))
  }
})

t.test('what it makes is what it says that there is', async t => {
  for (const make of [cases[0], cases[1], cases[2]]) {
    const made = await make()
    t.strictSame([...new Set(made.map(({ id }) => id))], make.ids)
    await make.end()
  }
})
