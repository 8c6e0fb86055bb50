'use strict'

/** With its header fields, what is no longer leaves in one write of Node's without a copy on the heap. */
const LONGEST = 15 * 1024

/**
 * Answers 200 with a small value. As one text, header fields and value take one system call with one piece, which is most of what an
 * answer costs. Fastify's own way takes two pieces; hooks on what is sent are for that way alone.
 * @param {import('fastify').FastifyReply} reply
 * @param {string[]} headers names and values by turns; all of them, `content-length` too
 * @param {string} text the bytes, as latin1
 */
function sendAtOnce (reply, headers, text) {
  reply.hijack()
  reply.raw.writeHead(200, headers)
  reply.raw.end(text, 'latin1')
}

module.exports = { sendAtOnce, LONGEST }
