'use strict'

const isGone = require('./is-gone')

/**
 * Calls `fn` once, when an answer has been handed to the kernel, or never will be; at once where that is so already.
 * @param {import('node:http').ServerResponse} response
 * @param {(isOver: boolean) => void} fn is told whether the handler was done: the client may also leave before
 */
function whenSent (response, fn) {
  if (isGone(response)) return fn(response.writableEnded)
  // Over HTTP/2, a stream that was reset is finished, too.
  const settle = () => {
    response.off('finish', settle)
    response.off('close', settle)
    fn(response.writableEnded)
  }
  response.on('finish', settle)
  response.on('close', settle)
}

module.exports = whenSent
