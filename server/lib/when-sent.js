'use strict'

/**
 * Calls `fn` once, when an answer has been handed to the kernel, or never will be.
 * @param {import('node:http').ServerResponse} response
 * @param {(isOver: boolean) => void} fn is told whether the handler was done: the client may also leave before
 */
function whenSent (response, fn) {
  const settle = isOver => {
    response.off('finish', onFinish)
    response.off('close', onClose)
    fn(isOver)
  }
  const onFinish = () => settle(true)
  const onClose = () => settle(false)
  response.on('finish', onFinish)
  response.on('close', onClose)
}

module.exports = whenSent
