'use strict'

// Runs under callgrind: each subject again and again, between two marks. Prints the subjects as JSON, in the order of their marks.

const shm = require('shmnode')
const floors = require('../floors')
const { concurrently, sequentially, synchronously } = require('../loops')

const WIDTH = 64
const bytes = Buffer.alloc(64, 1)

const subjectsOf = segment => [
  { name: 'readSync', side: synchronously(() => segment.readSync()), warmUp: 200, calls: 2000 },
  { name: 'readIntoSync', side: synchronously(() => segment.readIntoSync(bytes)), warmUp: 200, calls: 2000 },
  { name: 'writeSync', side: synchronously(() => segment.writeSync(bytes)), warmUp: 200, calls: 2000 },
  { name: 'read', side: sequentially(() => segment.read()), warmUp: 20, calls: 300 },
  { name: 'write', side: sequentially(() => segment.write(bytes)), warmUp: 20, calls: 300 },
  { name: '64 concurrent read', side: concurrently(WIDTH, () => segment.read()), warmUp: 3 * WIDTH, calls: 50 * WIDTH },
  { name: '64 concurrent write', side: concurrently(WIDTH, () => segment.write(bytes)), warmUp: 3 * WIDTH, calls: 50 * WIDTH }
]

async function main () {
  const segment = await shm.open(shm.PRIVATE, { capacity: 4096 })
  const subjects = subjectsOf(segment)
  await segment.write(bytes)
  for (const { side, warmUp, calls } of subjects) {
    await side(warmUp)
    floors.mark()
    await side(calls)
    floors.mark()
  }
  await segment.destroy()
  console.log(JSON.stringify(subjects.map(({ name, calls }) => ({ name, calls }))))
}

main()
