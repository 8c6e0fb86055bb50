'use strict'

/** A port that nobody listens at any more: what is transferred to it is freed at once. */
const { port1: nowhere } = new MessageChannel()
nowhere.close()

/**
 * Frees the memory of a buffer now, not when it is collected: megabytes that come and go would have all of the heap looked through,
 * many times a second. Whoever still has it finds it empty; a thread that reads it keeps it until it is done.
 * @param {Uint8Array} bytes all of their ArrayBuffer, made by who calls this or by Node for him alone; else nothing happens
 */
function giveBack ({ buffer, byteLength }) {
  if (byteLength === buffer.byteLength) nowhere.postMessage(undefined, [buffer])
}

module.exports = giveBack
