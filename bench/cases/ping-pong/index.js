'use strict'

// P6: two processes, one value to and fro. Both ways are open all the time, and their rounds alternate. To wake a processor
// that has nothing to do takes several times as long as all the rest, and the scheduler may or may not spare a pair that:
// so each process is held to a processor, once to one of its own, once to the same.

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const shm = require('shmnode')

const CALLS = 2000
const SPIN = 50 // us
const ends = []

/** What this process may run on, from the kernel's `0-3,8`. */
function processors () {
  const [, list] = /^Cpus_allowed_list:\s*(.*)$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))
  return list.split(',').flatMap(range => {
    const [first, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

async function start (name, processor, given) {
  const file = path.join(__dirname, `${name}.js`)
  const peer = spawn('taskset', ['-c', processor, process.execPath, file], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  peer.send(given)
  await once(peer, 'message')
  return peer
}

/** Two processes that watch so many segments; the way to ask one of them for the median of its round trips. */
async function connect (watched, [first, second], spin = 0) {
  const segments = await Promise.all(Array.from({ length: watched }, () => shm.open(shm.PRIVATE, { capacity: 64 })))
  const [ping, pong, ...others] = segments.map(({ id }) => id)
  const given = { ping, pong, others, spin, socket: path.join(os.tmpdir(), `shmnode-bench-${process.pid}-${ends.length}.sock`) }
  const asker = await start('asker', first, given)
  const answerer = await start('answerer', second, given)
  ends.push(async () => {
    asker.kill()
    answerer.kill()
    await Promise.all(segments.map(segment => segment.destroy()))
    fs.rmSync(given.socket, { force: true })
  })
  const by = way => async calls => {
    asker.send({ way, calls })
    const [median] = await once(asker, 'message')
    return median
  }
  return { ours: by('segment'), floor: by('socket') }
}

/** @returns {Promise<import('../measure').BenchCase[]>} */
async function pingPong () {
  const [first, second = first] = processors()
  const apart = await connect(2, [first, second])
  const together = await connect(2, [first, first])
  const spunApart = await connect(2, [first, second], SPIN)
  const spun = await connect(2, [first, first], SPIN)
  const many = await connect(1000, [first, second])
  const manyTogether = await connect(1000, [first, first])
  return [
    { id: 'P6', title: 'commit, watch, commit, watch / Unix socket to and fro', calls: CALLS, ...apart, bar: 0.9 },
    { id: 'P6o', title: 'the same on one processor', calls: CALLS, ...together, bar: 0.9 },
    { id: 'P6s', title: 'the same as P6, watch({ spin: 50 })', calls: CALLS, ...spunApart, bar: 0.9 },
    { id: 'P6os', title: 'the same on one processor', calls: CALLS, ...spun, bar: 0.9 },
    { id: 'P6m', title: 'the same as P6 with 1,000 segments watched', calls: CALLS, ...many, bar: 1.5 },
    { id: 'P6mo', title: 'the same on one processor', calls: CALLS, ...manyTogether, bar: 1.5 }
  ]
}

pingPong.ids = ['P6', 'P6o', 'P6s', 'P6os', 'P6m', 'P6mo']

pingPong.end = () => Promise.all(ends.map(end => end()))

module.exports = pingPong
