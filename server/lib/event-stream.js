'use strict'

const { Readable } = require('node:stream')
const { setTimeout: sleep } = require('node:timers/promises')

/** How soon a client is to come again, in milliseconds. */
const RETRY = 1000
/** Larger values do not come along with the event; whoever wants one reads it. */
const LARGEST_VALUE = 64 * 1024

/** @typedef {{ incarnation: string, version: number }} Seen the last version that the client has */

/**
 * The versions of a segment as server-sent events, each as soon as the reader has room for it: who is slow gets the newest and
 * misses those between.
 * @param {import('./current-value')} current
 * @param {object} options
 * @param {Seen | null} options.seen null: the client has none
 * @param {'utf8' | 'base64'} [options.value] how to include the value
 * @param {number} [options.interval] milliseconds between two versions, at least
 * @param {number} options.heartbeat milliseconds of silence after which a sign of life is sent
 * @param {AbortSignal} options.signal ends the stream
 */
async function * events (current, { seen, value, interval = 0, heartbeat, signal }) {
  yield `retry: ${RETRY}\n\n`
  let last = seen
  for (;;) {
    const found = await current.after(last, { timeout: heartbeat, signal }).catch(isDestroyed)
    if (found === undefined) return yield 'event: destroyed\ndata: {}\n\n'
    if (signal.aborted || current.isEnded) return
    if (found !== null) last = { incarnation: found.latest.incarnation, version: found.latest.version }
    yield found === null ? ':\n\n' : eventOf(found, value)
    if (found !== null && interval > 0) await pause(interval, signal)
  }
}

function pause (milliseconds, signal) {
  return sleep(milliseconds, undefined, { signal }).catch(() => {})
}

/** Nobody has made it again. */
function isDestroyed (error) {
  if (error.code !== 'ERR_SHM_NOT_FOUND' && error.code !== 'ERR_SHM_DESTROYED') throw error
}

/** All who are sent the same event share its bytes. */
function eventOf ({ latest, data }, encoding = 'none') {
  let event = latest.events.get(encoding)
  if (event === undefined) latest.events.set(encoding, event = Buffer.from(toEvent(latest, data, encoding)))
  return event
}

function toEvent ({ version, length, committedAt, writerPid, mediaType, etag }, data, encoding) {
  const value = encoding !== 'none' && length <= LARGEST_VALUE ? data.toString(encoding) : undefined
  return `id: ${version}\ndata: ${JSON.stringify({ version, length, committedAt, writerPid, mediaType, etag, value })}\n\n`
}

/**
 * What a client has seen that says so by an entity-tag. The id of an event is just a version, and may be one of a segment that was there
 * before and had as many: who says no more is sent the value that there is, which he may have, rather than miss one.
 * @param {string | undefined} id
 * @param {{ incarnation: string, version: number }} latest
 * @returns {Seen} version 0 if it has seen nothing
 */
function lastSeen (id, { incarnation, version }) {
  const [, of, number] = /^"?([0-9a-f]{16})\.(\d{1,16})"?$/.exec(id ?? '') ?? []
  const isKnown = of === incarnation && Number(number) <= version
  return { incarnation, version: isKnown ? Number(number) : 0 }
}

/** @returns {Readable} of {@link events} */
function eventStream (current, options) {
  return Readable.from(events(current, options), { objectMode: true, highWaterMark: 1 })
}

module.exports = { eventStream, lastSeen }
