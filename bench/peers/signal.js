'use strict'

// A byte over a Unix socket: how processes tell each other of a value where the driver itself has no means to.

const { once } = require('node:events')
const net = require('node:net')

/** The two ends of one connection: side a listens, and b comes. */
async function connect ({ folder, key }, side) {
  const path = `${folder}/socket-${key}`
  if (side === 'b') {
    const socket = net.connect(path)
    await once(socket, 'connect')
    return socket
  }
  const server = net.createServer().listen(path)
  const [socket] = await once(server, 'connection')
  server.close()
  return socket
}

/** A link of two places, each written by one side, whose word is such a byte. */
const signalled = place => async (spec, side) => {
  const create = side === 'a'
  const there = await place(spec, create)
  const here = await place({ ...spec, key: spec.key + 1, size: spec.back }, create)
  const [to, from, size] = create ? [there, here, spec.back] : [here, there, spec.size]
  const socket = await connect(spec, side)
  const target = Buffer.alloc(size)
  const word = Buffer.from('1')
  return {
    send (bytes) {
      to.write(bytes)
      socket.write(word)
    },
    listen (onValue) { socket.on('data', () => onValue(from.read(target))) },
    async end () {
      socket.destroy()
      await there.end()
      await here.end()
    }
  }
}

module.exports = { connect, signalled }
