'use strict'

/** The answer to the request of a connection that came last. */
const LATEST = Symbol('latest answer')
/** The one before it, if that was still awaited when the request came. */
const BEFORE = Symbol('answer before')

/**
 * A request has come whose answer is to be the last of its connection, for now.
 * @param {import('node:net').Socket} socket
 * @param {import('node:http').ServerResponse} answer
 * @returns {import('node:http').ServerResponse | null} the answer that has to go out before it
 */
function queueAnswer (socket, answer) {
  const before = socket[LATEST]
  socket[LATEST] = answer
  if (before === undefined || isOver(before)) return null
  answer[BEFORE] = before
  // Else a connection on which there is always one more would keep them all.
  before.once('close', () => { answer[BEFORE] = undefined })
  return before
}

/**
 * The last answer that the client of a connection waits for, having sent all of its request, or already gets.
 * @param {import('node:net').Socket} socket
 * @returns {import('node:http').ServerResponse | null}
 */
function pendingAnswer (socket) {
  const latest = socket[LATEST]
  const answer = latest?.req.complete || latest?.headersSent ? latest : latest?.[BEFORE]
  return answer === undefined || isOver(answer) ? null : answer
}

function isOver ({ writableFinished, destroyed }) {
  return writableFinished || destroyed
}

module.exports = { queueAnswer, pendingAnswer }
