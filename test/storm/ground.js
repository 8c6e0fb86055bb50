'use strict'

// The segments that a storm rages over, as its driver uses them: it makes them, reads on and on, and writes after each kill.

const { setTimeout: sleep } = require('node:timers/promises')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { uniqueKey } = require('../helpers/keys')
const { peer } = require('../helpers/peer')
const { found } = require('./findings')
const { Values, faultOf, stampText } = require('./value')

const GONE = ['ERR_SHM_DESTROYED', 'ERR_SHM_NOT_FOUND']

async function unlessGone (promise) {
  await promise.catch(error => { if (!GONE.includes(error.code)) throw error })
}

class Ground {
  key = uniqueKey()
  reads = 0
  writes = 0
  #options
  #ledger
  #values
  #over = false

  constructor (name, options, ledger, random) {
    this.name = name
    this.#options = options
    this.#ledger = ledger
    this.#values = new Values(random, options.capacity)
  }

  get capacity () {
    return this.#options.capacity
  }

  open (options) {
    return shm.open(this.key, { ...this.#options, ...options })
  }

  async writeTo (segment, timeout) {
    const { data, mediaType, stamp } = this.#values.next()
    const version = await segment.write(data, { mediaType, timeout })
    this.#ledger.note(segment.incarnation, version, stamp.toString(16))
    this.writes++
  }

  /** Reads until the storm is over or the segment is gone. */
  async watch (segment) {
    while (!this.#over) {
      const least = this.#ledger.newest(segment.incarnation)
      const snapshot = await segment.snapshot()
      const fault = faultOf(snapshot)
      if (fault !== null) throw found('torn', fault)
      if (snapshot.version < least) throw found('lost', `read ${snapshot.version} after ${least} was told`)
      this.#ledger.note(segment.incarnation, snapshot.version, stampText(snapshot))
      this.reads++
      await sleep(1)
    }
  }

  leave () {
    this.#over = true
  }

  get isOver () {
    return this.#over
  }

  /** With nobody else at work there is no excuse. */
  async writeAlone () {
    const segment = await this.open({ timeout: 1000 })
    await this.writeTo(segment, 1000).finally(() => segment.close())
  }

  /** After the last peer. What cannot be destroyed in the plain way is a finding, and removed by force. */
  async remove (findings) {
    await shm.destroy(this.key, { timeout: 1000 }).catch(error => {
      if (error.code !== 'ERR_SHM_NOT_FOUND') findings.add('stuck', `destroy: ${error.message}`)
    })
    const { segments, sets } = kernel.under(this.key)
    if (segments.length + sets.length === 0) return
    findings.add('left', `${segments.length} segments and ${sets.length} sets under key ${this.key}`)
    await peer('forget', this.key)
  }
}

/** A segment that is there all the time. */
class Staying extends Ground {
  #segment

  async begin () {
    this.#segment = await this.open({ exclusive: true })
    await this.write(5000)
  }

  observe () {
    return this.watch(this.#segment)
  }

  write (timeout) {
    return this.writeTo(this.#segment, timeout)
  }

  async end () {
    await this.#segment.close()
  }
}

/** A key whose segment is created and destroyed all the time. */
class Passing extends Ground {
  async begin () {}
  async end () {}

  async observe () {
    while (!this.isOver) {
      await unlessGone(this.#inOne({ create: false }, segment => this.watch(segment)))
      await sleep(1)
    }
  }

  /** Others may destroy what it has just opened: that is an answer too, and as quick. */
  write (timeout) {
    return this.#inOne({ timeout }, segment => unlessGone(this.writeTo(segment, timeout)))
  }

  async #inOne (options, call) {
    const segment = await this.open(options)
    try {
      return await call(segment)
    } finally {
      await segment.close()
    }
  }
}

module.exports = { Staying, Passing }
