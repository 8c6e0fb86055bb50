'use strict'

// What all drivers of a run find: a folder in memory, keys of their own, a Redis server.

const { spawn, spawnSync } = require('node:child_process')
const { randomInt } = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { processors } = require('./machine')

/** More than the segments of any case: each of its drivers has a range of keys. */
const KEYS = 4096
/** More than drivers that live at the same time; all of them in 2 ** 16 keys. */
const RANGES = 16

/** Bytes of an answer, where a case has such. */
const BACK = 64

class Ground {
  #redis
  #next = 0
  #first = 0x5e000000 + randomInt(2 ** 8) * 2 ** 16

  static async make () {
    const ground = new Ground(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir())
    await ground.#startRedis()
    return ground
  }

  constructor (parent) {
    this.folder = fs.mkdtempSync(path.join(parent, 'shmnode-bench-'))
  }

  /** Why Redis is left out; undefined if it is not. */
  redisMissing

  /** What a driver is told in a variant of a case. */
  specOf ({ spec, placement }) {
    const [first, second = first] = processors()
    return {
      ...spec,
      back: BACK,
      key: this.#first + (this.#next++ % RANGES) * KEYS,
      folder: fs.mkdtempSync(path.join(this.folder, 'd-')),
      redis: path.join(this.folder, 'redis.sock'),
      ...(placement === 'apart' && { processors: [first, second] }),
      ...(placement === 'together' && { processors: [first, first] })
    }
  }

  async end () {
    if (this.#redis !== undefined) {
      this.#redis.kill('SIGKILL')
      await this.#redis.ended
    }
    fs.rmSync(this.folder, { recursive: true, force: true })
  }

  async #startRedis () {
    if (spawnSync('redis-server', ['--version']).error) {
      this.redisMissing = 'there is no redis-server (Debian: apt-get install redis-server)'
      return
    }
    const socket = path.join(this.folder, 'redis.sock')
    const redis = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', this.folder], { stdio: 'ignore' })
    redis.ended = new Promise(resolve => redis.on('exit', resolve))
    this.#redis = redis
    for (let i = 0; i < 500 && !fs.existsSync(socket); i++) await sleep(10)
    if (!fs.existsSync(socket)) this.redisMissing = 'redis-server did not start'
  }
}

module.exports = { Ground }
