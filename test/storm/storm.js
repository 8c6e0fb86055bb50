'use strict'

// The driver of a storm: peers in all roles at work on a few segments, killed at random and replaced, one watched write after
// each kill, and reads all the time.

const { createHistogram } = require('node:perf_hooks')
const { setTimeout: sleep } = require('node:timers/promises')
const { PYTHON } = require('../helpers/python')
const { Findings, kindOf } = require('./findings')
const { Passing, Staying } = require('./ground')
const { Ledger } = require('./ledger')
const { Peer } = require('./peer')
const { Random } = require('./random')

/** Who works where. */
const SEATS = [
  ['C++', 'writer', 'small'], ['C++', 'writer', 'large'], ['C++', 'updater', 'small'], ['C++', 'reader', 'large'],
  ['C++', 'exclusive', 'small'], ['C++', 'exclusive', 'large'], ['C++', 'shared', 'small'], ['C++', 'shared', 'large'],
  ['C++', 'creator', 'passing'], ['C++', 'destroyer', 'passing'],
  ['Node.js', 'writer', 'large'], ['Node.js', 'updater', 'small'], ['Node.js', 'reader', 'large'],
  ['Node.js', 'creator', 'passing'], ['Node.js', 'destroyer', 'passing'],
  ['Python', 'writer', 'large'], ['Python', 'updater', 'small'], ['Python', 'reader', 'small'], ['Python', 'follower', 'small'],
  ['Python', 'exclusive', 'small'], ['Python', 'shared', 'large'], ['Python', 'creator', 'passing'], ['Python', 'destroyer', 'passing']
].filter(([language]) => language !== 'Python' || PYTHON !== null)
/** Peers that do what kill-safe programs must not, on every ground that stays. */
const brokenSeats = role => [['C++', role, 'small'], ['C++', role, 'large']]

const LONGEST_PAUSE_MS = 12
const LONGEST_STOP_MS = 100
const START_LIMIT_MS = 60_000
/** A storm that finds this much has found enough. */
const MOST_FINDINGS = 20

class Storm {
  findings = new Findings()
  ledger = new Ledger(this.findings)
  kills = 0
  stops = 0
  /** Role → language → kills, and state → language → kills. */
  killsByRole = {}
  killsByState = {}
  /** In microseconds: after all kills, and by ground. */
  recovery = { all: createHistogram(), small: createHistogram(), large: createHistogram(), passing: createHistogram() }
  #peers = { reads: 0, writes: 0 }
  #random
  #options
  #grounds
  #seats
  #observers
  #over = false
  #began = performance.now()

  /** @param {{ kills?: number, minutes?: number, seed: number, watchdog: number, broken?: string }} options */
  constructor (options) {
    this.#options = options
    this.#random = new Random(options.seed)
    const ground = (Kind, name, options) => new Kind(name, options, this.ledger, this.#random)
    this.#grounds = {
      small: ground(Staying, 'small', { capacity: 4096, checksum: true }),
      large: ground(Staying, 'large', { capacity: 512 * 1024, slots: 2 }),
      passing: ground(Passing, 'passing', { capacity: 64 * 1024 })
    }
    const seats = options.broken ? [...SEATS, ...brokenSeats(options.broken)] : SEATS
    this.#seats = seats.map(([language, role, name]) => ({ language, role, ground: this.#grounds[name], peer: null }))
  }

  get seconds () {
    return (performance.now() - this.#began) / 1000
  }

  get reads () {
    return this.#allGrounds.reduce((sum, { reads }) => sum + reads, this.#peers.reads)
  }

  get writes () {
    return this.#allGrounds.reduce((sum, { writes }) => sum + writes, this.#peers.writes)
  }

  /** From 0 to 1. */
  get progress () {
    const { kills, minutes } = this.#options
    return Math.min(1, kills === undefined ? this.seconds / 60 / minutes : this.kills / kills)
  }

  /** Comes to its end after the kill under way. */
  stop () {
    this.#over = true
  }

  /** Until it is over; whatever happens, no peer and no segment stays. */
  async run () {
    try {
      for (const ground of this.#allGrounds) await ground.begin()
      this.#observers = this.#allGrounds.map(ground => this.#orFinding(ground.observe()))
      for (const seat of this.#seats) this.#fill(seat)
      await this.#everyoneReady()
      while (!this.#isOver) await this.#turn()
    } catch (error) {
      this.#find(error)
    } finally {
      await this.#end()
    }
  }

  get #allGrounds () {
    return Object.values(this.#grounds)
  }

  get #isOver () {
    return this.#over || this.progress === 1 || this.findings.stuck > 0 || this.findings.total >= MOST_FINDINGS
  }

  #find (error) {
    this.findings.add(kindOf(error), error.stack)
  }

  async #orFinding (promise) {
    await promise.catch(error => this.#find(error))
  }

  /** A peer for the seat, and another whenever it ends. */
  #fill (seat) {
    seat.peer = new Peer(seat, this.#random.below(2 ** 31), words => this.#hear(words))
    seat.peer.ended.then(finding => {
      if (finding !== null) this.findings.add(finding.kind, `${seat.language} ${seat.role}, ${finding.text}`)
      if (!this.#isOver) this.#fill(seat)
    }, error => {
      this.#find(error)
      this.stop()
    })
  }

  #hear ([what, ...words]) {
    if (what === 'reads') {
      this.#peers.reads += Number(words[0])
    } else {
      const [incarnation, version, stamp] = words
      this.ledger.note(incarnation, Number(version), stamp)
      if (what === 'wrote') this.#peers.writes++
    }
  }

  async #everyoneReady () {
    const limit = performance.now() + START_LIMIT_MS
    while (!this.#isOver && !this.#seats.every(({ peer }) => peer.isReady)) {
      if (performance.now() > limit) throw new Error('the peers did not start in time')
      await sleep(5)
    }
  }

  async #turn () {
    await sleep(this.#random.below(LONGEST_PAUSE_MS))
    const victims = this.#victims(this.#random.oneIn(10) ? 2 + this.#random.below(3) : 1)
    if (victims.length > 0 && this.#random.oneIn(20)) await this.#stopped(victims[0])
    for (const seat of victims) this.#kill(seat)
    const grounds = new Set(victims.map(({ ground }) => ground))
    await Promise.all(Array.from(grounds, ground => this.#recover(ground)))
  }

  /** Those who work, as a rule: starting takes long, and is the same for all. */
  #victims (count) {
    const alive = this.#seats.filter(({ peer }) => !peer.isKilled)
    const ready = alive.filter(({ peer }) => peer.isReady)
    const among = this.#random.oneIn(20) ? alive : ready
    return Array.from({ length: Math.min(count, among.length) }, () => among.splice(this.#random.below(among.length), 1)[0])
  }

  /** It stands still for a while, with whatever it holds. Half of them go on before they are killed. */
  async #stopped ({ peer }) {
    this.stops++
    peer.stop()
    await sleep(this.#random.below(LONGEST_STOP_MS))
    if (this.#random.oneIn(2)) peer.goOn()
  }

  #kill ({ language, role, peer }) {
    count(this.killsByRole, role, language)
    count(this.killsByState, peer.state, language)
    peer.kill()
    this.kills++
  }

  /** How long it takes an independent writer to get through. */
  async #recover (ground) {
    const began = performance.now()
    await ground.write(this.#options.watchdog)
    const us = Math.max(1, Math.round((performance.now() - began) * 1000))
    for (const name of ['all', ground.name]) this.recovery[name].record(us)
  }

  async #end () {
    this.#over = true
    const peers = this.#seats.map(({ peer }) => peer).filter(peer => peer !== null)
    for (const peer of peers) peer.kill()
    await Promise.allSettled(peers.map(({ ended }) => ended))
    for (const ground of this.#allGrounds) ground.leave()
    await Promise.all(this.#observers ?? [])
    for (const ground of this.#allGrounds) {
      await ground.end()
      await this.#orFinding(ground.writeAlone())
      await ground.remove(this.findings)
    }
  }
}

function count (table, row, column) {
  table[row] ??= {}
  table[row][column] = (table[row][column] ?? 0) + 1
}

module.exports = { Storm }
