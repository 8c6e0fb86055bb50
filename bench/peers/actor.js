'use strict'

// The process that measures one driver in one case: node actor.js '{ caseName, driverName, spec }'. Prints {"ready":true}, or {"skip": why};
// then reads lines with milliseconds, and answers each with what so long a round brought. peers_bench does the same in C++.

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const readline = require('node:readline')
const { Worker } = require('node:worker_threads')
const { Channel } = require('./channel')

const given = JSON.parse(process.argv[2])
const COMPANION = path.join(__dirname, 'companion.js')
const companions = []

/** A companion that ends by itself leaves nobody to answer. */
function giveUp (error) {
  print({ failed: error.stack })
  process.exit(1)
}

// Who asked may be gone: then the end of stdin comes next, and what was made is cleaned up.
process.stdout.on('error', () => {})

const print = value => process.stdout.write(`${JSON.stringify(value)}\n`)

function startThread (spec) {
  const worker = new Worker(COMPANION, { workerData: { ...given, spec } })
  const channel = new Channel(message => worker.postMessage(message))
  worker.on('message', message => channel.take(message))
  worker.on('error', giveUp)
  return { channel, end: () => worker.terminate() }
}

function startProcess (driver, spec) {
  const [, processor] = spec.processors ?? []
  const command = [...(processor === undefined ? [] : ['taskset', '-c', processor]), process.execPath, COMPANION, JSON.stringify({ ...given, spec })]
  const child = spawn(command[0], command.slice(1).map(String), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: driver.serialization ?? 'json' })
  const channel = new Channel(message => child.send(message))
  child.on('message', message => channel.take(message))
  let wanted = false
  child.on('exit', (code, signal) => { if (!wanted) giveUp(new Error(`a companion ended: ${signal ?? code}`)) })
  const ended = once(child, 'exit')
  return {
    channel,
    pid: child.pid,
    async end () {
      wanted = true
      if (child.connected) child.disconnect()
      await ended
    },
    async kill () {
      wanted = true
      child.kill('SIGKILL')
      await ended
    }
  }
}

/** One more process, or thread, of the case. Its `ready` is there to be awaited. */
function companion (driver, spec) {
  const started = driver.threads ? startThread(spec) : startProcess(driver, spec)
  const { channel } = started
  // It says a reply to 0 by itself once it is ready.
  started.ready = new Promise(resolve => {
    const { take } = channel
    channel.take = message => message.reply === 0 ? resolve() : take.call(channel, message)
  })
  companions.push(started)
  return started
}

async function begin () {
  const driver = require(`./drivers/${given.driverName}`)
  const spec = { ...given.spec, shared: driver.shared?.(given.spec) }
  const subject = await require(`./cases/${given.caseName}`).start({ driver, spec, companion: (more = {}) => companion(driver, { ...spec, ...more }) })
  print({ ready: true })
  return subject
}

async function main () {
  const subject = await begin()
  for await (const line of readline.createInterface({ input: process.stdin })) {
    print({ ...await subject.round(Number(line)), rss: process.memoryUsage.rss() })
  }
  for (const { end } of companions) await end()
  await subject.end()
}

main().then(() => process.exit(), error => {
  // What is not installed, or was not built, is no failure of the bench.
  if (error.code === 'MODULE_NOT_FOUND' || error.code === 'ERR_DLOPEN_FAILED') print({ skip: error.message.split('\n')[0] })
  else print({ failed: error.stack })
  process.exit(1)
})
