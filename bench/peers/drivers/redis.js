'use strict'

// Redis, started by the runner, with nothing written to a disk.

const { randomUUID } = require('node:crypto')
const { setTimeout: sleep } = require('node:timers/promises')
const { Redis } = require('ioredis')

const clientOf = ({ redis }) => new Redis(redis, { enableOfflineQueue: true, maxRetriesPerRequest: 1 })

function place (spec, create) {
  const client = clientOf(spec)
  return {
    client,
    async write (bytes) { await client.set(spec.key, bytes) },
    async read () { return client.getBuffer(spec.key) },
    async end () {
      if (create) await client.del(spec.key)
      client.disconnect()
    }
  }
}

/** A value under a key, and a word of it on a channel; for each direction. */
async function link (spec, side) {
  const [commands, subscriber] = [clientOf(spec), clientOf(spec)]
  const [to, from] = side === 'a' ? [spec.key, spec.key + 1] : [spec.key + 1, spec.key]
  return {
    async send (bytes) { await commands.pipeline().set(to, bytes).publish(String(to), '1').exec() },
    async listen (onValue) {
      subscriber.on('message', async () => onValue(await commands.getBuffer(from)))
      await subscriber.subscribe(String(from))
    },
    async end () {
      if (side === 'a') await commands.del(to, from)
      commands.disconnect()
      subscriber.disconnect()
    }
  }
}

/** The usual lock: a key that expires, so that a holder which dies does not keep it for ever. */
const LEASE = 1000

async function lock (spec) {
  const client = clientOf(spec)
  const own = randomUUID()
  return {
    async acquire () { while (await client.set(`lock-${spec.key}`, own, 'PX', LEASE, 'NX') === null) await sleep(1) },
    async release () { await client.del(`lock-${spec.key}`) },
    end: () => client.disconnect()
  }
}

module.exports = { place, link, lock }
