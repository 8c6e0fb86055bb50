'use strict'

const { open } = require('lmdb')
const { signalled } = require('../signal')

const databaseOf = ({ folder, key, size }, options) => open({
  path: `${folder}/lmdb-${key}`,
  encoding: 'binary',
  noSync: true, // in memory, as all others are
  mapSize: Math.max(64 * 2 ** 20, size * 8),
  ...options
})

function place (spec) {
  const database = databaseOf(spec)
  return {
    database,
    write: bytes => { database.putSync('value', bytes) },
    // Without that, a read may be of the time before the last commit of another process.
    read (target) {
      database.resetReadTxn()
      const found = database.getBinaryFast('value')
      if (found === undefined) return target.subarray(0, 0)
      // Its memory is longer than the length that it tells.
      target.set(new Uint8Array(found.buffer, found.byteOffset, found.length))
      return target.subarray(0, found.length)
    },
    end: () => database.close()
  }
}

/** Its only lock: that of a write transaction. */
function lock (spec) {
  const database = databaseOf({ ...spec, size: 64 })
  return {
    /** What is done while it is held has to be done without a turn of the loop. */
    hold: fn => database.transactionSync(fn),
    end: () => database.close()
  }
}

module.exports = { place, lock, link: signalled(place) }
