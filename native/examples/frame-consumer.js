'use strict'

// node frame-consumer.js NAME VERSION: follows a camera, frame_producer.cc, until it has seen that version or a later one.
// Whoever is slow gets the newest frame and misses those between: the producer never waits for anybody.

const shm = require('shmnode')

const FRAME_BYTES = 1920 * 1080 * 3

async function main (name, last) {
  const segment = await shm.open(name, { capacity: FRAME_BYTES })
  let [seen, missed, before] = [0, 0, segment.version]
  console.log(`following from version ${before}`)
  for await (const { data, version, mediaType } of segment.watch({ from: before })) {
    seen++
    missed += version - before - 1
    before = version
    const isWhole = data.length === FRAME_BYTES && data.equals(Buffer.alloc(FRAME_BYTES, data[0]))
    console.log(`version ${version}: ${isWhole ? 'a whole frame' : 'TORN'} of grey ${data[0]}, ${mediaType}`)
    if (version >= last) break
  }
  console.log(`${seen} frames seen, ${missed} missed`)
  await segment.close()
}

main(process.argv[2], Number(process.argv[3]))
