'use strict'

// The other process of P6. Its parent says { ping, pong, others, socket, spin }: ids of segments and the path of a socket. It answers
// on one way what comes in on the same: by segments, and by the socket.

const net = require('node:net')
const shm = require('shmnode')

const openAll = ids => Promise.all(ids.map(id => shm.open({ id })))

/** Pending for as long as the process lives. */
const follow = segments => { for (const segment of segments) segment.watch().next() }

async function answerBySegment (ping, pong, spin) {
  for await (const { data } of ping.watch({ from: 0, spin })) pong.writeSync(data)
}

function answerBySocket (path) {
  const socket = net.connect(path, () => process.send('ready'))
  socket.on('data', data => socket.write(data))
}

process.once('message', async ({ ping, pong, others, socket, spin }) => {
  const [one, other, ...rest] = await openAll([ping, pong, ...others])
  follow(rest)
  answerBySegment(one, other, spin)
  answerBySocket(socket)
})
