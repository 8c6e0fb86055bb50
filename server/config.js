'use strict'

const fs = require('node:fs')
const { BlockList, isIP } = require('node:net')
const { createSecureContext } = require('node:tls')
const { envSchema } = require('env-schema')
const { isHost } = require('./lib/options')
const { parseTokens } = require('./lib/tokens')
const schema = require('./schemas/config')

// As the library reads SHM_KEY: what begins like a number is meant to be one.
const NUMBER = /^(-?\d+$|0x)/i
/** Of one address in a second, where others than this machine can ask. */
const RATE_LIMIT = 1000

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** A setting that the server cannot start with. Its message is for the person who starts it. */
class ConfigError extends Error {}

/**
 * The server's configuration.
 * @param {Record<string, string | undefined>} env an empty setting counts as absent
 * @throws {ConfigError}
 */
function readConfig (env) {
  const settings = validate(env)
  const tokens = readTokens(settings)
  const { host, isLocal } = toAddress(settings, tokens)
  return {
    host,
    port: settings.PORT,
    socket: settings.SOCKET,
    socketMode: parseInt(settings.SOCKET_MODE, 8),
    tls: readTls(settings),
    logLevel: settings.LOG_LEVEL,
    maxConnections: settings.MAX_CONNECTIONS,
    requestTimeout: settings.REQUEST_TIMEOUT,
    stopTimeout: settings.STOP_TIMEOUT,
    tokens,
    isLocal,
    hosts: readHosts(settings),
    rateLimit: settings.RATE_LIMIT ?? (isLocal ? 0 : RATE_LIMIT),
    heartbeat: settings.HEARTBEAT,
    timeout: settings.LOCK_TIMEOUT,
    maxCapacity: settings.MAX_CAPACITY,
    maxBodyBytes: settings.MAX_BODY_BYTES,
    maxAnswerBytes: settings.MAX_ANSWER_BYTES,
    maxStreams: settings.MAX_STREAMS,
    maxWrites: settings.MAX_WRITES,
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

function readTokens ({ AUTH_TOKENS, AUTH_TOKENS_FILE }) {
  if (AUTH_TOKENS !== undefined && AUTH_TOKENS_FILE !== undefined) throw new ConfigError('AUTH_TOKENS and AUTH_TOKENS_FILE must not be given both')
  const name = AUTH_TOKENS_FILE === undefined ? 'AUTH_TOKENS' : 'AUTH_TOKENS_FILE'
  const text = AUTH_TOKENS_FILE === undefined ? AUTH_TOKENS : readFile(name, AUTH_TOKENS_FILE).toString()
  if (text === undefined) return []
  const tokens = parseTokens(text)
  // Who gives an empty list does not mean: everybody.
  if (tokens === null || tokens.length === 0) {
    throw new ConfigError(`${name} must be a list of read-write:TOKEN and read-only:TOKEN, with tokens of A-Z a-z 0-9 - . _ ~ + / and = at the end`)
  }
  return tokens
}

function readTls ({ TLS_CERT, TLS_KEY }) {
  if ((TLS_CERT === undefined) !== (TLS_KEY === undefined)) throw new ConfigError('TLS_CERT and TLS_KEY must be given both, or neither')
  return TLS_CERT === undefined ? undefined : checkTls({ cert: readFile('TLS_CERT', TLS_CERT), key: readFile('TLS_KEY', TLS_KEY) })
}

function checkTls (pair) {
  try {
    createSecureContext(pair)
    return pair
  } catch (error) {
    throw new ConfigError(`TLS_CERT and TLS_KEY must be the certificate and its key, as PEM: ${error.message}`)
  }
}

function readFile (name, path) {
  try {
    return fs.readFileSync(path)
  } catch (error) {
    throw new ConfigError(`${name} must be a file that can be read: ${error.message}`)
  }
}

function readHosts ({ ALLOWED_HOSTS = '' }) {
  const hosts = ALLOWED_HOSTS.split(/[\s,]+/).filter(host => host !== '')
  const wrong = hosts.find(host => !isHost(host))
  if (wrong !== undefined) throw new ConfigError(`ALLOWED_HOSTS must be a list of names and addresses without ports, not ${wrong}`)
  return hosts
}

/** Others on the machine cannot open a Unix socket unless its mode lets them, and others elsewhere cannot at all. */
function toAddress ({ HOST, SOCKET }, tokens) {
  // `localhost` can stand for two addresses, and Fastify does not wait for the requests of the second one when it closes.
  const host = HOST === 'localhost' ? '127.0.0.1' : HOST
  const family = isIP(host)
  if (family !== 0 && (SOCKET !== undefined || loopback.check(host, `ipv${family}`))) return { host, isLocal: true }
  if (family !== 0 && tokens.length > 0) return { host, isLocal: false }
  throw new ConfigError(`HOST must be a loopback address (127.0.0.1, ::1 or localhost), or another address if AUTH_TOKENS is set, not ${host}: ` +
    'without a token everyone could read and write the segments')
}

function toReference (key) {
  if (!NUMBER.test(key)) return key
  const number = Number(key)
  if (number !== 0 && number >= -(2 ** 31) && number < 2 ** 32) return number
  throw new ConfigError('SHM_KEY must be a name, or a number of 32 bits other than 0')
}

module.exports = { readConfig, ConfigError }
