'use strict'

// Finds what the suite left behind among what others on this machine have: by its range of keys, private objects by their being new,
// and files in /dev/shm by their names.

const fs = require('node:fs')
const path = require('node:path')
const kernel = require('./kernel')
const { fnv1a, isOurs } = require('./keys')
const { DIRECTORY, keyOfPosixName } = require('./memory')

const NOTES = path.join(__dirname, '../../.tap/litter.json')
/** Of the sets that this library makes, for cells and for raw segments. */
const SEMAPHORES = [4, 5]

/** What the tests call files in /dev/shm: by keys (memory.js), by unique names (keys.js), and the semaphores of raw segments. */
function isNamedByTests (file) {
  if (/^sem\.shmnode-t-[0-9x-]+$/.test(file) || keyOfPosixName(`/${file}`) !== undefined) return true
  return /^t-([0-9a-f]{12}-[0-9a-z]+|[0-9a-f]{16}-*)$/.test(file)
}

/** Name and facts. */
function files () {
  return fs.readdirSync(DIRECTORY).filter(isNamedByTests).flatMap(file => {
    const facts = fs.statSync(path.join(DIRECTORY, file), { throwIfNoEntry: false })
    return facts ? [{ name: `/${file}`, facts }] : []
  })
}

function note () {
  const noted = {
    shmids: kernel.segments().map(({ shmid }) => shmid),
    semids: kernel.sets().map(({ semid }) => semid),
    inodes: files().map(({ facts }) => facts.ino)
  }
  fs.mkdirSync(path.dirname(NOTES), { recursive: true })
  fs.writeFileSync(NOTES, JSON.stringify(noted))
}

const isAlive = pid => fs.existsSync(`/proc/${pid}`)

/** Segments, sets and files that are new, ours, and nobody's any more. */
function left () {
  const noted = JSON.parse(fs.readFileSync(NOTES, 'utf8'))
  const fresh = kernel.segments().filter(({ shmid, key }) => !noted.shmids.includes(shmid) && (key === 0 || isOurs(key)))
  // Whose creator lives is another run's.
  const living = fresh.filter(({ cpid, nattch }) => isAlive(cpid) || nattch > 0)
  const segments = fresh.filter(segment => !living.includes(segment))
  const mapped = files().filter(({ facts }) => kernel.mappings(facts.ino) > 0)
  const unmapped = files().filter(({ facts: { ino } }) => !noted.inodes.includes(ino) && !mapped.some(({ facts }) => facts.ino === ino))
  const livingKeys = [...living.map(({ key }) => key), ...mapped.map(({ name }) => fnv1a(name))]
  const sets = kernel.sets().filter(({ semid, key, nsems }) =>
    !noted.semids.includes(semid) && SEMAPHORES.includes(nsems) && (key === 0 || isOurs(key)) && !livingKeys.includes(key))
  return { segments, sets, files: unmapped.map(({ name }) => name) }
}

module.exports = { note, left }
