'use strict'

// driver.js async|sync: this library as a process of the conformance suite. README.md has its commands.

const fs = require('node:fs')
const readline = require('node:readline')
const { setTimeout: sleep } = require('node:timers/promises')
const shm = require('../../..')
const { lengthAnd, pattern } = require('../../helpers/pattern')

const isSync = process.argv[2] === 'sync'

/** What is not had in time is BUSY in every language, and what is no name or key is UNSUPPORTED. */
const CODES = { ERR_SHM_TIMEOUT: 'BUSY', ERR_INVALID_ARG_VALUE: 'UNSUPPORTED' }

const REFERENCES = { key: Number, name: name => name, posix: name => name, id: id => ({ id: Number(id) }) }

function referenceOf (text) {
  const [kind, value] = [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)]
  return REFERENCES[kind](value)
}

const isPosix = ref => ref.startsWith('posix:')

/** The kernel's id; of a file its inode's. */
const idOf = ({ posix, id, name }) => posix ? fs.statSync(`/dev/shm${name}`).ino : id

const flag = text => text === undefined ? undefined : text === '1'
const number = text => text === undefined ? undefined : Number(text)
const octal = text => text === undefined ? undefined : parseInt(text, 8)
const bytesOf = (hex = '') => Buffer.from(hex, 'hex')

function describe ({ data, version, mediaType, writerPid, committedAt }) {
  return { data: data.toString('hex'), version, type: mediaType ?? '', pid: writerPid ?? 0, committed: committedAt?.getTime() ?? 0 }
}

let segment = null
const locks = {}

async function close () {
  for (const mode of Object.keys(locks)) delete locks[mode]
  await segment?.close()
  segment = null
}

async function write (data, options) {
  return isSync ? segment.writeSync(data, options) : segment.write(data, options)
}

const commands = {
  async open ({ ref, layout, nul, create, exclusive, readOnly, checksum, capacity, slots, mode, timeout = '60000' }) {
    await close()
    segment = await shm.open(referenceOf(ref), {
      posix: isPosix(ref),
      layout,
      nulTerminated: flag(nul),
      create: flag(create),
      exclusive: flag(exclusive),
      readOnly: flag(readOnly),
      checksum: flag(checksum),
      capacity: number(capacity),
      slots: number(slots),
      mode: octal(mode),
      timeout: number(timeout)
    })
    return commands.facts()
  },

  async facts () {
    const { name, capacity, slots, checksum, incarnation, layoutVersion } = await segment.stat()
    const id = idOf(segment)
    if (segment.layout === 'raw') return { id, capacity }
    return { id, name: name ?? '', capacity, slots, checksum: Number(checksum), incarnation, layout: layoutVersion }
  },

  close,

  destroy: ({ ref, layout, timeout = '60000' }) => shm.destroy(referenceOf(ref), { posix: isPosix(ref), layout, timeout: number(timeout) }),

  async write ({ data, type, ifVersion, offset, timeout = '60000' }) {
    const options = { mediaType: type || undefined, ifVersion: number(ifVersion), offset: number(offset), ...(!isSync && { timeout: number(timeout) }) }
    return { version: await write(bytesOf(data), options) }
  },

  async read ({ timeout = '60000' }) {
    const data = isSync ? segment.readSync() : await segment.read({ timeout: number(timeout) })
    return { data: data.toString('hex') }
  },

  async snapshot ({ timeout = '60000' }) {
    return describe(isSync ? segment.snapshotSync() : await segment.snapshot({ timeout: number(timeout) }))
  },

  version: () => ({ version: segment.version }),

  async wait ({ newerThan, timeout = '60000' }) {
    const { version } = await segment.snapshot({ newerThan: Number(newerThan), timeout: number(timeout) })
    return { version }
  },

  async lock ({ mode, timeout = '60000' }) {
    locks[mode] = await segment.lock({ timeout: number(timeout) })
  },

  async unlock ({ mode }) {
    await locks[mode].release()
    delete locks[mode]
  },

  /** Writes until it is killed. Every eight bytes of a value are its length and a count. */
  async storm ({ length }) {
    for (let count = 1; ; count++) {
      try {
        say('ok', { version: await write(pattern(Number(length), lengthAnd(Number(length), count)), isSync ? {} : { timeout: 60_000 }) })
      } catch (error) {
        if (!isSync || error.code !== 'ERR_SHM_BUSY') throw error
        await sleep(1)
      }
    }
  }
}

function say (how, facts) {
  const words = Object.entries(facts ?? {}).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${value}`)
  console.log([how, ...words].join(' '))
}

const splitAtEqual = word => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]

async function serve (line) {
  const [command, ...words] = line.split(' ')
  try {
    say('ok', await commands[command](Object.fromEntries(words.map(splitAtEqual))))
  } catch (error) {
    const code = CODES[error.code] ?? /^ERR_SHM_(.*)/.exec(error.code)?.[1]
    if (code === undefined) throw error
    say(`error ${code}`, { holder: error.holderPid })
  }
}

async function main () {
  say('ok')
  for await (const line of readline.createInterface({ input: process.stdin })) await serve(line)
  await close()
}

main()
