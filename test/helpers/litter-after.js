'use strict'

// Run by the runner after the last test: fails where the suite has left segments or semaphore sets behind.

const { left } = require('./litter')

const { segments, sets, files } = left()
for (const { shmid, key } of segments) console.error(`left behind: segment ${shmid} with key ${key} (ipcrm -m ${shmid})`)
for (const { semid, key } of sets) console.error(`left behind: semaphore set ${semid} with key ${key} (ipcrm -s ${semid})`)
for (const name of files) console.error(`left behind: /dev/shm${name}`)
process.exitCode = segments.length + sets.length + files.length > 0 ? 1 : 0
