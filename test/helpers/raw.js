'use strict'

// A segment's bytes and the kernel's objects, behind the library's back.

const { execFileSync, spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const readline = require('node:readline')
const { FIXTURES } = require('./child')
const { isPosix, nameOfInode, pathOf, posixNameOf, setKeyOf } = require('./memory')

/** One interpreter for all of a test file. It ends with its standard input, and keeps nobody waiting. */
class Python {
  static #only = null
  static get only () {
    Python.#only ??= new Python()
    return Python.#only
  }

  constructor () {
    this.process = spawn('python3', [path.join(FIXTURES, 'raw.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.answers = readline.createInterface({ input: this.process.stdout })[Symbol.asyncIterator]()
    this.last = Promise.resolve()
    this.#keepAlive(false)
  }

  ask (...words) {
    this.last = this.last.then(() => this.#answer(words.join(' ')))
    return this.last
  }

  async #answer (question) {
    this.#keepAlive(true)
    this.process.stdin.write(`${question}\n`)
    const { value, done } = await this.answers.next()
    if (done) throw new Error(`python3 gave up on '${question.slice(0, 80)}'`)
    this.#keepAlive(false)
    return value
  }

  #keepAlive (keep) {
    for (const handle of [this.process, this.process.stdin, this.process.stdout]) keep ? handle.ref() : handle.unref()
  }
}

/** Calls `fn` with the descriptor of the file that an inode is of, in the way of its return value. */
function withFile (inode, fn) {
  const file = fs.openSync(pathOf(nameOfInode(inode)), 'r+')
  try {
    return fn(file)
  } finally {
    fs.closeSync(file)
  }
}

/** The bytes of a file in /dev/shm. */
async function peekFile (inode, offset, length) {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, withFile(inode, file => fs.readSync(file, bytes, 0, length, offset)))
}

async function pokeFile (inode, offset, bytes) {
  withFile(inode, file => fs.writeSync(file, Buffer.from(bytes), 0, bytes.length, offset))
}

/** The bytes of the segment with this shmid. */
async function peek (id, offset, length) {
  if (isPosix) return peekFile(id, offset, length)
  return Buffer.from(await Python.only.ask('peek', id, offset, length), 'hex')
}

async function poke (id, offset, bytes) {
  if (isPosix) return pokeFile(id, offset, bytes)
  return Python.only.ask('poke', id, offset, Buffer.from(bytes).toString('hex'))
}

/** What SETALL of somebody does to one semaphore of the set; by default to the lock for applications. */
const reset = (id, semaphore = 3) => Python.only.ask('reset', id, semaphore)
/** Of one semaphore of the set. */
const valueOf = async (id, semaphore) => Number(await Python.only.ask('value', id, semaphore))
/** Wakes who sleeps on a futex word, and tells how many did. */
const wake = async (id, offset) => isPosix ? wakeFile(id, offset) : Number(await Python.only.ask('wake', id, offset))
const wakeFile = async (inode, offset) => Number(await Python.only.ask('wake', pathOf(nameOfInode(inode)), offset))
/** A zero-filled segment without anything else. Resolves to its shmid. */
async function make (key, bytes, mode = 0o600) {
  if (!isPosix) return Number(await Python.only.ask('make', key | 0, bytes, mode))
  fs.writeFileSync(pathOf(posixNameOf(key)), Buffer.alloc(bytes), { flag: 'wx', mode })
  fs.chmodSync(pathOf(posixNameOf(key)), mode) // umask or not
  return fs.statSync(pathOf(posixNameOf(key))).ino
}
/** A semaphore set of so many. Resolves to its semid. */
const makeSet = async (key, count) => Number(await Python.only.ask('make_set', setKeyOf(key), count))

function removeSegment (id) {
  if (isPosix) fs.unlinkSync(pathOf(nameOfInode(id)))
  else execFileSync('ipcrm', ['-m', String(id)])
}
const removeSet = id => { execFileSync('ipcrm', ['-s', String(id)]) }

/** Where fields of the header are: section 4 of the layout. */
const OFFSETS = {
  magic: 0,
  major: 8,
  minor: 10,
  headerBytes: 12,
  capacity: 16,
  slots: 24,
  stride: 32,
  incarnation: 40,
  creator: 56,
  semaphores: 60,
  name: 64,
  commit: 128,
  notify: 192,
  retired: 196,
  writer: 200,
  awaited: 208,
  awaitedAlways: 216,
  ipcNamespace: 220,
  slot: i => 256 + 128 * i
}
const PAYLOAD = 4096

const u16 = number => Buffer.from(Uint16Array.of(number).buffer)
const u32 = number => Buffer.from(Uint32Array.of(number).buffer)
const u64 = number => Buffer.from(BigUint64Array.of(BigInt(number)).buffer)

module.exports = { peek, poke, peekFile, pokeFile, wakeFile, make, makeSet, reset, valueOf, wake, removeSegment, removeSet, OFFSETS, PAYLOAD, u16, u32, u64 }
