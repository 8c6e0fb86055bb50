'use strict'

// Which kind of shared memory the tests are about: System V's, or with SHMNODE_TEST_MEMORY=posix that in /dev/shm. They call
// segments by keys all the same; of POSIX memory, a key stands for a name. native/test/memory.hpp has the same names.

const fs = require('node:fs')
const { fnv1a, isOurs, keyOf, uniqueKey, uniqueName } = require('./keys')

const DIRECTORY = '/dev/shm'
const isPosix = process.env.SHMNODE_TEST_MEMORY === 'posix'

/** For what the other kind of memory does not have. */
const systemVOnly = isPosix ? { skip: 'System V memory alone' } : {}

/** One whose semaphore set has a key in the range by which the suite's litter is known. */
function posixNameOf (key) {
  for (let i = 0; ; i++) {
    const name = `/shmnode-test.${(key >>> 0).toString(16).padStart(8, '0')}.${i.toString(16)}`
    if (isOurs(fnv1a(name))) return name
  }
}

/** The other way round; undefined for other names. */
function keyOfPosixName (name) {
  const match = /^\/shmnode-test\.([0-9a-f]{8})\./.exec(name)
  return match ? Number.parseInt(match[1], 16) | 0 : undefined
}

/** The key of the semaphore set of the segment that a key stands for. */
const setKeyOf = key => isPosix ? fnv1a(posixNameOf(key)) || 1 : key | 0

/** Another name of POSIX memory. */
const uniquePosixName = () => posixNameOf(uniqueKey())

/** A name that nobody else has, and the key by which the tests can call what is under it. */
function uniqueNamed () {
  if (isPosix) return named(uniqueKey())
  const name = uniqueName()
  return { name, key: keyOf(name) }
}
const named = key => ({ name: posixNameOf(key).slice(1), key })

const pathOf = name => DIRECTORY + name

/** The files of all tests: name, key, inode. */
function files () {
  return fs.readdirSync(DIRECTORY).flatMap(file => {
    const key = keyOfPosixName(`/${file}`)
    const facts = key === undefined ? undefined : fs.statSync(pathOf(`/${file}`), { throwIfNoEntry: false })
    return facts ? [{ name: `/${file}`, key, facts }] : []
  })
}

/** As ids are for System V memory. */
const nameOfInode = inode => files().find(({ facts }) => facts.ino === inode)?.name

module.exports = { DIRECTORY, isPosix, systemVOnly, posixNameOf, keyOfPosixName, setKeyOf, uniquePosixName, uniqueNamed, pathOf, files, nameOfInode }
