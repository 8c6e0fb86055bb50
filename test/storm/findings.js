'use strict'

// What a storm looks for.

/** The exit codes of peers that have found something; every other end but by the storm's own hand is a crash. */
const BY_EXIT_CODE = { 3: 'stuck', 4: 'torn', 5: 'lost' }
const EXIT_CODE = { stuck: 3, torn: 4, lost: 5 }

/** By the codes of errors. */
const KIND_OF_ERROR = { ERR_SHM_TIMEOUT: 'stuck', ERR_SHM_BUSY: 'stuck', ERR_SHM_CORRUPT: 'torn' }
const kindOf = error => error.finding ?? KIND_OF_ERROR[error.code] ?? 'crashed'

/** An error that is a finding of the given kind. */
const found = (finding, message) => Object.assign(new Error(message), { finding })

const MOST_TEXTS = 5

class Findings {
  torn = 0
  lost = 0
  stuck = 0
  crashed = 0
  left = 0
  /** Of the first ones, for people. */
  texts = []

  add (kind, text) {
    this[kind]++
    if (this[kind] <= MOST_TEXTS) this.texts.push(`${kind}: ${text}`)
  }

  get total () {
    return this.torn + this.lost + this.stuck + this.crashed + this.left
  }
}

module.exports = { BY_EXIT_CODE, EXIT_CODE, Findings, found, kindOf }
