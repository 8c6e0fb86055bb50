'use strict'

// npm run model: the models beside this file searched as they are, which must hold, and with one step broken at a time:
// then the search must find what that step is there against. Needs spin, takes genmc along where there is one, and
// installs neither.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { isInstalled } = require('./command')
const genmc = require('./genmc')
const spin = require('./spin')

function titleOf ({ model, name, define }) {
  return `${path.basename(model, '.pml')}: ${name ?? define.join(' ').toLowerCase().replaceAll('_', ' ')}`
}

/** Tells on one line how a search ended; true if it ended as it should. */
function check (checker, expectation, scratch) {
  const { found, size } = checker.search(expectation, scratch)
  const ok = expectation.finds ? Boolean(found?.includes(expectation.finds)) : found === undefined
  console.log(`${ok ? '' : 'not '}ok - ${titleOf(expectation)}: ${found ? `refuted, ${found}` : `holds in all ${size}`}`)
  return ok
}

function checkAll (checker, scratch) {
  return checker.checks.map(expectation => check(checker, expectation, scratch)).every(Boolean)
}

function main () {
  if (!isInstalled(spin.command)) {
    console.error(`spin is not installed: ${spin.origin}`)
    process.exitCode = 1
    return
  }
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'shmnode-model-'))
  try {
    const ok = [spin, genmc].filter(checker => isInstalled(checker.command)).map(checker => checkAll(checker, scratch))
    process.exitCode = ok.every(Boolean) ? 0 : 1
  } finally {
    fs.rmSync(scratch, { recursive: true })
  }
  if (!isInstalled(genmc.command)) console.log(`ok - genmc # SKIP ${genmc.origin}`)
}

main()
