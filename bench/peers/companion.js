'use strict'

// The second process of a case, or its thread; started by actor.js, see there. Does what the case's `companion` says.

const { setTimeout: sleep } = require('node:timers/promises')
const { isMainThread, parentPort, workerData } = require('node:worker_threads')
const { Channel } = require('./channel')

const TRIES = 250

/** The first side may not be there yet. */
async function again (fn) {
  for (let i = 1; ; i++) {
    try {
      return await fn()
    } catch (error) {
      if (i === TRIES) throw error
      await sleep(20)
    }
  }
}

async function main (channel, { caseName, driverName, spec }) {
  const driver = require(`./drivers/${driverName}`)
  channel.answer(await require(`./cases/${caseName}`).companion({ driver, spec, channel, again }))
}

function begin () {
  if (!isMainThread) {
    const channel = new Channel(message => parentPort.postMessage(message))
    parentPort.on('message', message => channel.take(message))
    return main(channel, workerData).then(() => parentPort.postMessage({ reply: 0 }))
  }
  const channel = new Channel(message => process.send(message, () => {}))
  process.on('message', message => channel.take(message))
  process.on('disconnect', () => process.exit())
  return main(channel, JSON.parse(process.argv[2])).then(() => process.send({ reply: 0 }))
}

begin()
