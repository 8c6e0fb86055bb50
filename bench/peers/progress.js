'use strict'

const { MultiBar, Presets } = require('cli-progress')

const roundsOf = ({ rounds, drivers }) => rounds * drivers.length

/** A bar on a terminal's stderr, of all rounds of all drivers; lines go to stdout above it. */
class Progress {
  #bars
  #bar

  constructor (plans) {
    if (!process.stderr.isTTY) return
    this.#bars = new MultiBar({ clearOnComplete: true, hideCursor: true, format: '{bar} {percentage}% {eta_formatted} left  {word}' }, Presets.shades_classic)
    this.#bar = this.#bars.create(plans.reduce((sum, plan) => sum + roundsOf(plan), 0), 0, { word: '' })
  }

  step (word) {
    this.#bar?.increment(1, { word })
  }

  log (line) {
    if (this.#bars !== undefined && process.stdout.isTTY) this.#bars.log(`${line}\n`)
    else console.log(line)
  }

  stop () {
    this.#bars?.stop()
  }
}

module.exports = { Progress }
