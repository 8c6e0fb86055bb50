'use strict'

// Ours, by Promises. The others of ours differ from it in what they are given here.

const shm = require('shmnode')

const calls = segment => ({
  write: bytes => segment.write(bytes),
  async read (target) {
    const { length } = await segment.readInto(target)
    return target.subarray(0, length)
  }
})

const opened = (key, size, options) => shm.open(key, { capacity: size, ...options })

/** Until the segment is closed. */
async function follow (segment, spin, onValue) {
  try {
    for await (const { data } of segment.watch({ spin })) onValue(data)
  } catch (error) {
    if (!['ERR_SHM_CLOSED', 'ERR_SHM_DESTROYED'].includes(error.code)) throw error
  }
}

const driver = (makeCalls, options = () => ({}), spin = 0) => ({
  async place ({ key, size }, create) {
    const segment = await opened(key, size, options(size))
    return { ...makeCalls(segment), segment, end: () => create ? segment.destroy() : segment.close() }
  },

  /** A segment for each direction. */
  async link ({ key, size, back }, side) {
    const [there, here] = await Promise.all([opened(key, size, options(size)), opened(key + 1, back, options(back))])
    const [to, from] = side === 'a' ? [there, here] : [here, there]
    const { write } = makeCalls(to)
    return {
      send: write,
      listen (onValue) { follow(from, spin, onValue) },
      end: () => Promise.all([there, here].map(segment => side === 'a' ? segment.destroy() : segment.close()))
    }
  },

  async lock ({ key }) {
    const segment = await opened(key, 64)
    let held
    return {
      async acquire () { held = await segment.lock({ timeout: Infinity }) },
      release: () => held.release(),
      end: () => segment.close(),
      destroy: () => segment.destroy()
    }
  }
})

module.exports = { ...driver(calls), driver, calls }
