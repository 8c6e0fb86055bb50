'use strict'

// What the two processes of a case, or two threads, say to each other: questions with their answers, and bare values, which is the
// way of the drivers that have no other.

class Channel {
  #post
  #asked = new Map()
  #next = 0
  #answer = () => { throw new Error('nobody answers here') }
  #onValue = () => {}

  /** @param {(message: object) => void} post */
  constructor (post) {
    this.#post = post
  }

  /** @returns {Promise<unknown>} what the other side's answer() gives */
  ask (body) {
    return new Promise((resolve, reject) => {
      this.#asked.set(++this.#next, { resolve, reject })
      this.#post({ ask: this.#next, body })
    })
  }

  answer (fn) { this.#answer = fn }
  sendValue (value) { this.#post(value) }
  onValue (fn) { this.#onValue = fn }

  /** For every message that comes in. */
  take (message) {
    if (message.ask !== undefined) return this.#reply(message)
    if (message.reply === undefined) return this.#onValue(message)
    const { resolve, reject } = this.#asked.get(message.reply)
    this.#asked.delete(message.reply)
    if (message.error !== undefined) reject(new Error(message.error))
    else resolve(message.body)
  }

  async #reply ({ ask, body }) {
    try {
      this.#post({ reply: ask, body: await this.#answer(body) })
    } catch (error) {
      this.#post({ reply: ask, error: error.stack })
    }
  }
}

module.exports = { Channel }
