'use strict'

// P6: two processes, one value to and fro. Both ways are open all the time, and their rounds alternate.

const { fork } = require('node:child_process')
const { once } = require('node:events')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const shm = require('shmnode')
const { quantile } = require('../measure')

const PEER = path.join(__dirname, '../peers/answerer.js')
const CALLS = 2000
const bytes = Buffer.alloc(64, 1)
const ends = []

const make = count => Promise.all(Array.from({ length: count }, () => shm.open(shm.PRIVATE, { capacity: 64 })))

async function listen (name) {
  const file = path.join(os.tmpdir(), `shmnode-bench-${process.pid}-${name}.sock`)
  const server = net.createServer().listen(file)
  await once(server, 'listening')
  return { file, server }
}

/** Segments and a socket to a process of its own, in which so many other segments are watched, as they are here. */
async function connect (name, watched) {
  const [ping, pong, ...others] = await make(watched)
  const { file, server } = await listen(name)
  const peer = fork(PEER)
  peer.send({ ping: ping.id, pong: pong.id, others: others.map(({ id }) => id), socket: file })
  const [[socket]] = await Promise.all([once(server, 'connection'), once(peer, 'message')])
  const answers = pong.watch()
  for (const other of others) other.watch().next().catch(() => {}) // destroyed at the end
  ends.push(async () => {
    peer.kill()
    socket.destroy()
    server.close()
    await answers.return()
    await Promise.all([ping, pong, ...others].map(segment => segment.destroy()))
  })
  return { ping, answers, socket }
}

/** The median in nanoseconds: a process that others keep from running for a while would decide a mean. */
const median = async (calls, roundTrip) => {
  const times = new Array(calls)
  for (let i = 0; i < calls; i++) {
    const began = process.hrtime.bigint()
    await roundTrip()
    times[i] = Number(process.hrtime.bigint() - began)
  }
  return quantile(times, 0.5)
}

const bySegment = ({ ping, answers }) => calls => median(calls, () => {
  const answer = answers.next()
  ping.writeSync(bytes)
  return answer
})

const bySocket = ({ socket }) => calls => median(calls, () => new Promise(resolve => {
  socket.once('data', resolve)
  socket.write(bytes)
}))

/** @returns {Promise<import('../measure').BenchCase[]>} */
async function pingPong () {
  const few = await connect('few', 2)
  const many = await connect('many', 1000)
  return [
    { id: 'P6', title: 'commit, watch, commit, watch / Unix socket to and fro', calls: CALLS, ours: bySegment(few), floor: bySocket(few), bar: 0.9 },
    { id: 'P6m', title: 'the same with 1,000 segments watched', calls: CALLS, ours: bySegment(many), floor: bySocket(many), bar: 1.5 }
  ]
}

pingPong.end = () => Promise.all(ends.map(end => end()))

module.exports = pingPong
