'use strict'

const { BlockList, isIP } = require('node:net')
const { envSchema } = require('env-schema')
const schema = require('./schemas/config')

// As the library reads SHM_KEY.
const NUMBER = /^(?:-?\d+|0x[0-9a-f]+)$/i

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** A setting that the server cannot start with. Its message is for the person who starts it. */
class ConfigError extends Error {}

/**
 * The server's configuration.
 * @param {Record<string, string | undefined>} env an empty setting counts as absent
 * @returns {{ host: string, port: number, logLevel: string, segment: { key: string | number, capacity?: number, layout: string, nulTerminated?: boolean, semaphore?: string } }}
 * @throws {ConfigError}
 */
function readConfig (env) {
  const settings = validate(env)
  return {
    host: toLoopbackAddress(settings.HOST),
    port: settings.PORT,
    logLevel: settings.LOG_LEVEL,
    segment: {
      key: toReference(settings.SHM_KEY),
      capacity: settings.SHM_CAPACITY,
      layout: settings.SHM_LAYOUT,
      ...rawOptions(settings)
    }
  }
}

/** The classic format is a text that a NUL ends. */
function rawOptions ({ SHM_LAYOUT, SHM_SEMAPHORE }) {
  if (SHM_LAYOUT === 'raw') return { nulTerminated: true, semaphore: SHM_SEMAPHORE }
  if (SHM_SEMAPHORE !== undefined) throw new ConfigError('SHM_SEMAPHORE means nothing unless SHM_LAYOUT is raw')
}

function validate (env) {
  const data = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  try {
    return envSchema({ schema, data, env: false })
  } catch (error) {
    if (!error.errors) throw error
    throw new ConfigError(error.errors.map(describe).join('; '))
  }
}

function describe ({ instancePath, keyword, message, params }) {
  const name = instancePath.slice(1)
  if (keyword === 'enum') return `${name} must be one of ${params.allowedValues.join(', ')}`
  if (keyword === 'pattern') return `${name} must be ${schema.properties[name].description}`
  return `${name} ${message}`
}

// `localhost` can stand for two addresses, and Fastify does not wait for the requests of the second one when it closes.
function toLoopbackAddress (host) {
  if (host === 'localhost') return '127.0.0.1'
  const family = isIP(host)
  if (family !== 0 && loopback.check(host, `ipv${family}`)) return host
  throw new ConfigError(`HOST must be a loopback address (127.0.0.1, ::1 or localhost), not ${host}: ` +
    'on any other address everyone could read and write the segment, and this version has no access tokens')
}

function toReference (key) {
  if (!NUMBER.test(key)) return key
  const number = Number(key)
  if (number !== 0 && number >= -(2 ** 31) && number < 2 ** 32) return number
  throw new ConfigError('SHM_KEY must be a name, or a number of 32 bits other than 0')
}

module.exports = { readConfig, ConfigError }
