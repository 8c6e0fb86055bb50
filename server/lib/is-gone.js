'use strict'

/**
 * Nobody gets this answer any more, or he has had all of it: its 'close' may have been already. Over HTTP/2 it is the stream that tells.
 * @param {import('node:http').ServerResponse | import('node:http2').Http2ServerResponse} answer
 */
function isGone (answer) {
  return (answer.stream ?? answer).destroyed || answer.writableFinished === true
}

module.exports = isGone
