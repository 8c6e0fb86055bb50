'use strict'

// node settings-writer.js NAME VALUE...: commits each value in turn, for settings_reader.cc and whoever else is waiting.

const shm = require('shmnode')

async function main (name, values) {
  const segment = await shm.open(name, { capacity: 4096, mode: 0o644 })
  for (const value of values) {
    const version = await segment.write(JSON.stringify({ value }), { mediaType: 'application/json' })
    console.log(`version ${version} is ${value}`)
  }
  await segment.close()
}

main(process.argv[2], process.argv.slice(3))
