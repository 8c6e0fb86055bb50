'use strict'

const shm = require('shmnode')

/** 64-bit numbers that all processes of a case share: what was committed last is told there, whatever the driver. */
async function board ({ key }, create) {
  const segment = await shm.open(key + 2, { layout: 'raw', capacity: 4096, create })
  const words = segment.view(BigUint64Array)
  return { words, end: () => create ? segment.destroy() : segment.close() }
}

module.exports = { board }
