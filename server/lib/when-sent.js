'use strict'

/**
 * Calls `fn` once, when an answer has been handed to the kernel, or never will be.
 * @param {import('node:http').ServerResponse} response
 * @param {() => void} fn
 */
function whenSent (response, fn) {
  const call = () => {
    response.off('finish', call)
    response.off('close', call)
    fn()
  }
  response.on('finish', call)
  response.on('close', call)
}

module.exports = whenSent
