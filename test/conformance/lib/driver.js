'use strict'

// A process that speaks the suite's line protocol (README.md), and what is asked of it.

const { start } = require('../../helpers/child')

const factsOf = words => Object.fromEntries(words.filter(word => word !== '').map(word => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]))

/** What an implementation refused: `code` without ERR_SHM_, and who holds what was not had. */
class Refused extends Error {
  constructor (code, { holder }, question) {
    super(`${code} for ${question.slice(0, 80)}`)
    this.code = code
    this.holder = holder === undefined ? undefined : Number(holder)
  }
}

class Driver {
  #child
  #last

  /** @param {{ name: string, command: string[], can: string[] }} implementation */
  constructor (t, implementation) {
    this.implementation = implementation
    const [program, ...args] = implementation.command
    this.#child = start(t, program, args)
    this.#last = this.#child.line() // it is there
  }

  get name () { return this.implementation.name }
  get pid () { return this.#child.pid }

  /** Options become words: true and false are 1 and 0, bytes are hexadecimal, and what is undefined is left out. */
  ask (command, options = {}) {
    const answer = this.#last.catch(() => {}).then(() => this.#ask(lineOf(command, options)))
    this.#last = answer
    return answer
  }

  /** The version, or true where there are none. */
  async write (data, options) {
    const { version } = await this.ask('write', { data: Buffer.from(data), ...options })
    return version === undefined ? true : Number(version)
  }

  async read (options) {
    return Buffer.from((await this.ask('read', options)).data, 'hex')
  }

  async snapshot (options) {
    const { data, version, type, pid, committed } = await this.ask('snapshot', options)
    return { data: Buffer.from(data, 'hex'), version: Number(version), mediaType: type, writerPid: Number(pid), committed: Number(committed) }
  }

  async version () {
    return Number((await this.ask('version')).version)
  }

  /** The next line of a command that has no end, such as `storm`. */
  send (command, options) {
    this.#child.send(lineOf(command, options))
  }

  async line () {
    return factsOf((await this.#child.line()).split(' ').slice(1))
  }

  /** Lines that were said and not asked for. */
  takeLines () {
    return this.#child.lines.splice(0).map(line => factsOf(line.split(' ').slice(1)))
  }

  kill () {
    return this.#child.kill()
  }

  async #ask (question) {
    this.#child.send(question)
    const [how, ...words] = (await this.#child.line()).split(' ')
    if (how === 'ok') return factsOf(words)
    throw new Refused(words[0], factsOf(words.slice(1)), question)
  }
}

function wordOf (value) {
  if (typeof value === 'boolean') return value ? '1' : '0'
  return Buffer.isBuffer(value) ? value.toString('hex') : String(value)
}

function lineOf (command, options) {
  const words = Object.entries(options).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${wordOf(value)}`)
  return [command, ...words].join(' ')
}

module.exports = { Driver }
