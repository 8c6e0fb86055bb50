'use strict'

// The process of P6 that asks and takes the time. Its parent says { ping, pong, others, socket, spin }, as it does to the one that
// answers, which connects to the socket once this is ready; then { way, calls } again and again. It says the median of each.

const { once } = require('node:events')
const net = require('node:net')
const shm = require('shmnode')
const { quantile } = require('../../measure')

const bytes = Buffer.alloc(64, 1)

const openAll = ids => Promise.all(ids.map(id => shm.open({ id })))

/** The median in nanoseconds: a process that others keep from running for a while would decide a mean. */
async function median (calls, roundTrip) {
  const times = new Array(calls)
  for (let i = 0; i < calls; i++) {
    const began = process.hrtime.bigint()
    await roundTrip()
    times[i] = Number(process.hrtime.bigint() - began)
  }
  return quantile(times, 0.5)
}

const bySegment = (ping, answers) => () => {
  const answer = answers.next()
  ping.writeSync(bytes)
  return answer
}

const bySocket = socket => () => new Promise(resolve => {
  socket.once('data', resolve)
  socket.write(bytes)
})

process.once('message', async given => {
  const [ping, pong, ...others] = await openAll([given.ping, given.pong, ...given.others])
  for (const other of others) other.watch().next() // pending for as long as the process lives
  const server = net.createServer().listen(given.socket)
  await once(server, 'listening')
  process.send('ready')
  const [socket] = await once(server, 'connection')
  const ways = { segment: bySegment(ping, pong.watch({ spin: given.spin })), socket: bySocket(socket) }
  process.on('message', async ({ way, calls }) => process.send(await median(calls, ways[way])))
})
