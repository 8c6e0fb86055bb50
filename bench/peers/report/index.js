'use strict'

// npm run bench:report -- RESULTS.json [--html FILE] [--table]: the page of results that npm run bench:peers -- --into RESULTS.json kept;
// --table prints the table of the README instead.

const fs = require('node:fs')
const { commandLine, refuse } = require('../../command-line')
const { FORMAT } = require('../results')
const { table } = require('./table')

const USAGE = 'usage: npm run bench:report -- RESULTS.json [--html FILE] [--table]'

function main () {
  const { values, positionals } = commandLine(USAGE, { allowPositionals: true, options: { html: { type: 'string', default: 'bench-peers.html' }, table: { type: 'boolean', default: false } } })
  if (positionals.length !== 1) refuse('which results?', USAGE)
  const results = JSON.parse(fs.readFileSync(positionals[0], 'utf8'))
  if (results.format !== FORMAT) throw new RangeError(`${positionals[0]} is not of the format ${FORMAT}`)
  if (values.table) return process.stdout.write(table(results))
  // Only here: it is one of the packages that the bench installs when it first runs.
  const { page } = require('./page')
  fs.writeFileSync(values.html, page(results))
  console.log(values.html)
}

try {
  main()
} catch (error) {
  console.error(error instanceof RangeError ? error.message : error)
  process.exitCode = 1
}
