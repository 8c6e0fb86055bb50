'use strict'

// npm run bench:instructions: how many instructions a small call takes, counted by callgrind, against the counts that are kept in
// limits.json. Unlike times they are the same on a busy machine. Fails, and tells which, where one is over its limit.
//
//   own   in our own machine code: shmnode.node, or the core in core_steps. Without Node.js, the C library and the kernel
//   all   in the whole process, JavaScript too, interpreted (--jitless): no time, but more of it is more work

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { commandLine } = require('../command-line')
const { count, PROGRAMS } = require('./count')
const { TOLERANCE, compare, compilerOf, runtime, updated } = require('./limits')

const USAGE = 'usage: npm run bench:instructions [-- --only core|node] [--update] [--limits FILE] [--json]'

const { values: given } = commandLine(USAGE, {
  options: {
    only: { type: 'string' },
    update: { type: 'boolean', default: false },
    limits: { type: 'string', default: path.join(__dirname, 'limits.json') },
    json: { type: 'boolean', default: false }
  }
})

function line ({ name, kind, count, limit, over }) {
  const cells = `${name.padEnd(22)} ${kind.padEnd(4)} ${count.toFixed(1).padStart(10)}`
  if (limit === undefined) return `${cells}  no limit kept`
  const change = count / limit - 1
  const word = over ? 'OVER ITS LIMIT' : change < -TOLERANCE[kind] ? 'less than was kept: --update' : ''
  return `${cells} ${limit.toFixed(1).padStart(10)} ${`${(change * 100).toFixed(1)} %`.padStart(8)}  ${word}`.trimEnd()
}

/** The core's counts in whole depend on the C library alone, so they are kept with the compiler's. */
const keysOf = program => {
  const compiler = compilerOf(PROGRAMS[program].object)
  return { own: compiler, all: program === 'core' ? `${compiler}, with the C library` : runtime() }
}

function keep (limits) {
  fs.writeFileSync(given.limits, `${JSON.stringify(limits, null, 2)}\n`)
  console.log(`kept in ${given.limits}`)
}

function tell (findings) {
  if (given.json) return console.log(JSON.stringify(findings, null, 2))
  for (const key of new Set(findings.filter(({ limit }) => limit === undefined).map(({ key }) => key))) console.log(`skipped: no limits kept for ${key}`)
  console.log(`${'instructions a call'.padEnd(27)} ${'now'.padStart(10)} ${'kept'.padStart(10)}`)
  for (const finding of findings) console.log(line(finding))
}

async function run (programs) {
  let limits = JSON.parse(fs.readFileSync(given.limits, 'utf8'))
  const findings = []
  for (const program of programs) {
    const counts = await count(program)
    const keys = keysOf(program)
    findings.push(...compare(counts, limits, keys).map(finding => ({ ...finding, key: keys[finding.kind] })))
    limits = updated(limits, counts, keys)
  }
  tell(findings)
  if (given.update) return keep(limits)
  const over = findings.filter(({ over }) => over)
  for (const { name, kind } of over) console.error(`${name}: more instructions (${kind}) than its limit allows`)
  process.exitCode = over.length === 0 ? 0 : 1
}

const programs = Object.keys(PROGRAMS)
if (given.only !== undefined && !programs.includes(given.only)) {
  console.error(`--only is one of ${programs.join(', ')}`)
  process.exitCode = 2
} else if (spawnSync('valgrind', ['--version']).error) {
  console.log('skipped: there is no valgrind')
} else {
  run(given.only === undefined ? programs : [given.only])
}
