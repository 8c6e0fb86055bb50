'use strict'

const { parseArgs } = require('node:util')

/**
 * What the command line says. Ends the process where it asks for help, or makes no sense.
 * @param {string} usage
 * @param {import('node:util').ParseArgsConfig} config
 * @returns {ReturnType<typeof parseArgs>}
 */
function commandLine (usage, config) {
  const help = { type: 'boolean', default: false, short: 'h' }
  try {
    const { values: { help: wanted, ...values }, positionals } = parseArgs({ ...config, options: { ...config.options, help } })
    if (!wanted) return { values, positionals }
    console.log(usage)
    return process.exit(0)
  } catch (error) {
    if (!String(error.code).startsWith('ERR_PARSE_ARGS_')) throw error
    return refuse(error.message, usage)
  }
}

/** A number above 0; undefined where none is given. */
function positive (name, given, usage) {
  if (given === undefined) return undefined
  const number = Number(given)
  return number > 0 && Number.isFinite(number) ? number : refuse(`--${name} ${given}`, usage)
}

/** Ends the process with the reason. */
function refuse (reason, usage) {
  console.error(`${reason}\n${usage}`)
  process.exit(2)
}

module.exports = { commandLine, positive, refuse }
