'use strict'

// node shared-counter.js NAME ROUNDS: what shared_counter.cc does, by the same lock.

const shm = require('shmnode')

async function main (name, rounds) {
  const segment = await shm.open(name)
  let number
  for (let left = rounds; left > 0; left--) {
    await segment.withLock(async () => {
      number = Number(await segment.read()) + 1
      await segment.write(String(number), { mediaType: 'text/plain' })
    })
  }
  console.log(number)
  await segment.close()
}

main(process.argv[2], Number(process.argv[3]))
