'use strict'

// AbortSignals of many calls. A signal looks through all of its listeners for every new one, so ten thousand calls on one
// signal would take a hundred million steps: here a signal has one listener, for as long as a call depends on it.

/** The calls that depend on each signal. */
const groups = new WeakMap()

class Group {
  #signal
  #calls = new Set()

  constructor (signal) {
    this.#signal = signal
  }

  add (call) {
    if (this.#calls.size === 0) this.#signal.addEventListener('abort', this)
    this.#calls.add(call)
  }

  delete (call) {
    if (this.#calls.delete(call) && this.#calls.size === 0) this.#signal.removeEventListener('abort', this)
  }

  /** What an EventTarget calls of an object that listens. */
  handleEvent () {
    const calls = this.#calls
    this.#calls = new Set()
    this.#signal.removeEventListener('abort', this)
    for (const call of calls) call.abort(this.#signal.reason)
  }
}

/**
 * Has `call.abort(reason)` called when the signal aborts, once.
 * @param {AbortSignal} signal one that has not aborted yet
 * @param {{ abort: (reason: any) => void }} call
 */
function onAbort (signal, call) {
  let group = groups.get(signal)
  if (group === undefined) groups.set(signal, group = new Group(signal))
  group.add(call)
}

/** Takes that back. Fine after it has happened. */
function offAbort (signal, call) {
  groups.get(signal)?.delete(call)
}

module.exports = { onAbort, offAbort }
