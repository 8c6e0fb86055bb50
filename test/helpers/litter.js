'use strict'

// Finds what the suite left behind among what others on this machine have: by its range of keys, and private objects by
// their being new.

const fs = require('node:fs')
const path = require('node:path')
const kernel = require('./kernel')
const { isOurs } = require('./keys')

const NOTES = path.join(__dirname, '../../.tap/litter.json')
/** Of the sets that this library makes, for cells and for raw segments. */
const SEMAPHORES = [4, 5]

function note () {
  const noted = { shmids: kernel.segments().map(({ shmid }) => shmid), semids: kernel.sets().map(({ semid }) => semid) }
  fs.mkdirSync(path.dirname(NOTES), { recursive: true })
  fs.writeFileSync(NOTES, JSON.stringify(noted))
}

const isAlive = pid => fs.existsSync(`/proc/${pid}`)

/** Segments and sets that are new, ours, and nobody's any more. */
function left () {
  const noted = JSON.parse(fs.readFileSync(NOTES, 'utf8'))
  const fresh = kernel.segments().filter(({ shmid, key }) => !noted.shmids.includes(shmid) && (key === 0 || isOurs(key)))
  // Whose creator lives is another run's.
  const living = fresh.filter(({ cpid, nattch }) => isAlive(cpid) || nattch > 0)
  const segments = fresh.filter(segment => !living.includes(segment))
  const sets = kernel.sets().filter(({ semid, key, nsems }) =>
    !noted.semids.includes(semid) && SEMAPHORES.includes(nsems) && (key === 0 || isOurs(key)) && !living.some(segment => segment.key === key))
  return { segments, sets }
}

module.exports = { note, left }
