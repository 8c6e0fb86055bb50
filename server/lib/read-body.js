'use strict'

const { IncomingMessage } = require('node:http')
const { Socket } = require('node:net')
const HttpError = require('./http-error')
const { overloaded } = require('./overload')

const NO_BYTES = Buffer.alloc(0)
// Closing a connection with unread bytes resets it, and the client may never see the answer: so much is read for nothing.
const DISCARDED_BYTES = 64 * 1024 * 1024

/**
 * Collects a body that is too small to be counted.
 * @param {import('node:http').IncomingMessage} stream of a request that says how long it is
 * @param {(error: HttpError | null, body?: Buffer) => void} done
 */
function readSmallBody (stream, done) {
  const length = Number(stream.headers['content-length'])
  let body = NO_BYTES
  stream.on('data', chunk => { body = body.length === 0 ? chunk : Buffer.concat([body, chunk]) })
  // Who listens before us may have had some of it alone.
  stream.on('end', () => body.length === length ? done(null, body) : done(incomplete()))
  stream.on('error', () => done(incomplete()))
}

/**
 * Collects the body of a request.
 * @param {import('node:stream').Readable} stream the request, or what somebody has made of it
 * @param {number} limit the bytes that it may have
 * @param {import('./body')} body where they go; whoever drops it meanwhile ends this
 * @returns {Promise<Buffer>} rejects with {@link HttpError}
 */
function readBody (stream, limit, body) {
  return new Promise((resolve, reject) => {
    const isShared = stream.listenerCount('data') > 0
    const refuse = error => {
      body.drop()
      reject(error)
    }
    if (stream.destroyed) return refuse(incomplete())
    const refusal = refusalOf(stream.headers?.['content-length'], limit, body)
    if (refusal !== undefined) refuse(refusal)
    stream.on('data', chunk => {
      if (body.length + chunk.length > limit) body.drop()
      if (!body.add(chunk, !isShared && isOnlyOurs(stream))) refuse(overloaded('Too many bytes of bodies are on their way.'))
      else if (body.length > limit + DISCARDED_BYTES) refuse(tooLarge(limit))
    })
    stream.on('end', () => {
      if (body.length > limit) refuse(tooLarge(limit))
      else if (body.isWhole) resolve(body.toBuffer())
      else refuse(incomplete())
    })
    stream.on('error', () => refuse(incomplete()))
  })
}

/** Whether its chunks are those that Node made for us alone. What is injected has a socket of another kind, and the memory of who does so. */
function isOnlyOurs (stream) {
  return stream instanceof IncomingMessage && stream.socket instanceof Socket && stream.listenerCount('data') === 1
}

/** Why a body of which this is said to be the length is not worth reading. */
function refusalOf (said, limit, body) {
  if (said === undefined) return undefined
  const length = Number(said)
  if (length > limit + DISCARDED_BYTES) return tooLarge(limit)
  if (length > limit) body.drop()
  else if (!body.expect(length)) return overloaded('Too many bytes of bodies are on their way.')
}

function incomplete () {
  return new HttpError(400, 'ERR_BODY_INCOMPLETE', 'The request ended before its body did.')
}

function tooLarge (limit) {
  return new HttpError(413, 'ERR_SHM_TOO_LARGE', `The body is larger than the capacity of the segment, or than what this server takes: ${limit} bytes.`)
}

module.exports = { incomplete, readBody, readSmallBody }
