'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const shm = require('../..')
const { uniqueKey } = require('./keys')

/** Whoever destroyed it before is welcome. */
async function remove (reference, layout, posix = false) {
  await shm.destroy(reference, { owner: 'any', layout, posix }).catch(error => {
    if (error.code !== 'ERR_SHM_NOT_FOUND' && error.code !== 'ERR_SHM_DESTROYED') throw error
  })
}

function referenceOf ({ posix, key, id, name }) {
  if (key !== null) return key
  return posix ? name : { id }
}

/** What was opened is closed and destroyed when the test ends. `options` are those of `open`, and the reference. */
async function withSegment (t, { reference = uniqueKey(), ...options } = {}) {
  const segment = await shm.open(reference, options)
  t.teardown(async () => {
    await segment.close()
    await remove(referenceOf(segment), segment.layout, segment.posix)
  })
  return segment
}

/** Another handle on a segment, closed when the test ends. */
async function another (t, reference, options) {
  const segment = await shm.open(reference, options)
  t.teardown(() => segment.close())
  return segment
}

/** A key that others are going to use; removed when the test ends. */
function reservedKey (t, layout) {
  const key = uniqueKey()
  t.teardown(() => remove(key, layout))
  return key
}

/**
 * How many attaches a segment has, once they are as many as expected, or in the end: another process that lists all segments looks at this
 * one for a moment.
 */
async function attachesOf (segment, expected) {
  for (let tries = 300; ; tries--) {
    const { attached } = await segment.stat()
    if (attached === expected || tries === 0) return attached
    await sleep(10)
  }
}

module.exports = { withSegment, another, reservedKey, remove, attachesOf }
