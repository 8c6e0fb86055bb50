'use strict'

const { Pair } = require('zeromq')

/** Until the socket is closed. */
async function follow (socket, onValue) {
  for await (const [message] of socket) onValue(message)
}

async function link ({ folder, key, size }, side) {
  const socket = new Pair({ sendHighWaterMark: 4, receiveHighWaterMark: 4, linger: 0 })
  const address = `ipc://${folder}/zeromq-${key}`
  if (side === 'a') await socket.bind(address)
  else socket.connect(address)
  return {
    send: bytes => socket.send(bytes),
    listen (onValue) { follow(socket, onValue) },
    end: () => socket.close()
  }
}

module.exports = { link }
