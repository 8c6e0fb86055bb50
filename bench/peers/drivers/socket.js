'use strict'

const { connect } = require('../signal')

const HEAD = 8

/** Collects what comes in pieces to messages, each behind its length. */
function framed (onValue) {
  let message
  let filled = 0
  const head = Buffer.alloc(HEAD)
  let headFilled = 0
  return chunk => {
    for (let at = 0; at < chunk.length;) {
      if (headFilled < HEAD) {
        const n = chunk.copy(head, headFilled, at, Math.min(chunk.length, at + HEAD - headFilled))
        headFilled += n
        at += n
        if (headFilled < HEAD) return
        const length = Number(head.readBigUInt64LE())
        if (message?.length !== length) message = Buffer.allocUnsafeSlow(length) // memory is used again, as by others
        filled = 0
        continue
      }
      const n = chunk.copy(message, filled, at)
      filled += n
      at += n
      if (filled < message.length) return
      headFilled = 0
      onValue(message)
    }
  }
}

async function link (spec, side) {
  const socket = await connect(spec, side)
  return {
    send (bytes) {
      const head = Buffer.allocUnsafe(HEAD)
      head.writeBigUInt64LE(BigInt(bytes.length))
      socket.cork()
      socket.write(head)
      socket.write(bytes)
      socket.uncork()
    },
    listen (onValue) { socket.on('data', framed(onValue)) },
    end: () => socket.destroy()
  }
}

module.exports = { link, framed }
