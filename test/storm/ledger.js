'use strict'

// What is known to be committed, by incarnation and version: from writers that said so, and from readers. One version has one
// content, for everyone, and a read begins no earlier than at the newest version known.

/** So many versions are kept, and so many incarnations: memory stays bounded in storms of hours. */
const VERSIONS = 20_000
const INCARNATIONS = 500

class Life {
  highest = 0
  stamps = new Map()
}

class Ledger {
  #lives = new Map()
  #findings
  /** Incarnations seen. */
  lives = 0

  constructor (findings) {
    this.#findings = findings
  }

  /** A write has resolved, or a value was read. */
  note (incarnation, version, stamp) {
    if (version === 0) return
    const life = this.#life(incarnation)
    const known = life.stamps.get(version)
    if (known !== undefined && known !== stamp) this.#findings.add('lost', `version ${version} was ${known}, and is ${stamp}`)
    life.stamps.set(version, stamp).delete(version - VERSIONS)
    life.highest = Math.max(life.highest, version)
  }

  /** No read that begins now may give an older version. */
  newest (incarnation) {
    return this.#life(incarnation).highest
  }

  #life (incarnation) {
    const known = this.#lives.get(incarnation)
    if (known !== undefined) return known
    const life = new Life()
    this.#lives.set(incarnation, life)
    this.lives++
    if (this.#lives.size > INCARNATIONS) this.#lives.delete(this.#lives.keys().next().value)
    return life
  }
}

module.exports = { Ledger }
