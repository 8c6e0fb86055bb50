'use strict'

const { once } = require('node:events')
const http = require('node:http')
const { isWhole, makeValue } = require('./value')

/** Bytes; the segments have room for the largest. */
const LENGTHS = [40, 2048, 20_000, 65_536, 300_000]
/** What a server answers that has too much to do just now. */
const BUSY = new Set([503])

const pick = list => list[Math.floor(Math.random() * list.length)]

/** One request; null where the server is gone. */
async function request ({ origin, agent }, { method = 'GET', path, headers, body, patience = 30_000 }) {
  try {
    const outgoing = http.request(`${origin}${path}`, { method, headers, agent, signal: AbortSignal.timeout(patience) })
    outgoing.end(body)
    const [incoming] = await once(outgoing, 'response')
    return { status: incoming.statusCode, headers: incoming.headers, body: Buffer.concat(await incoming.toArray()) }
  } catch (error) {
    return { status: 0, error }
  }
}

/** Reads all the time: whole values, and of versions that never go back. */
async function readOn (soak, target, path) {
  let seen = 0
  while (soak.isRunning) {
    const known = soak.acknowledged(path)
    const { status, headers, body, error } = await request(target, { path, headers: pick([{}, {}, { range: 'bytes=0-31' }]) })
    if (status === 0) { await soak.lost(target, error); continue }
    if (BUSY.has(status)) { await soak.pause(20); continue }
    const version = Number(headers['shm-version'])
    if (status === 200 && !isWhole(body)) soak.find(`torn: ${path}, version ${version}`)
    else if (![200, 204, 206].includes(status)) soak.find(`GET ${path}: ${status} ${body}`)
    else if (version < Math.max(seen, known)) soak.find(`stale: ${path}, version ${version} after ${Math.max(seen, known)}`)
    seen = Math.max(seen, version)
    soak.count('reads')
  }
}

/** Replaces what it has just seen: of those who do so at once, one wins. */
async function replaceOn (soak, target, path, method) {
  while (soak.isRunning) {
    const current = await request(target, { method: 'HEAD', path })
    if (current.status === 0) { await soak.lost(target, current.error); continue }
    if (current.headers.etag === undefined) { await soak.pause(20); continue }
    await write(soak, target, { path, method, headers: { 'if-match': current.headers.etag } })
  }
}

async function writeOn (soak, target, path, method) {
  while (soak.isRunning) {
    await write(soak, target, { path, method, headers: {} })
    await soak.pause(Math.random() * 10)
  }
}

async function write (soak, target, { path, method, headers }) {
  const body = makeValue(pick(LENGTHS))
  const { status, headers: answered, body: answer, error } = await request(target, { path, method, body, headers })
  if (status === 0) return soak.lost(target, error)
  if (status === 412 || BUSY.has(status)) return
  if (status !== 200 && status !== 201) return soak.find(`${method} ${path}: ${status} ${answer}`)
  if (!answer.equals(body)) soak.find(`another answer: ${method} ${path}`)
  soak.acknowledge(path, Number(answered['shm-version']), headers['if-match'])
  soak.count('writes')
}

/** Follows a stream, which never goes back; after it was interrupted, it begins with the version that there is. */
async function watchOn (soak, target, path) {
  let seen = 0
  while (soak.isRunning) {
    const outgoing = http.get(`${target.origin}${path}`, { agent: false, headers: { 'last-event-id': String(seen) } })
    soak.onStop(() => outgoing.destroy())
    try {
      const [incoming] = await once(outgoing, 'response')
      let before = seen - 1
      for await (const chunk of incoming.setEncoding('utf8')) {
        for (const [, id] of chunk.matchAll(/^id: (\d+)$/gm)) {
          if (Number(id) <= before) soak.find(`an event of version ${id} after ${before}: ${path}`)
          seen = before = Number(id)
          soak.count('events')
        }
      }
    } catch (error) {
      if (soak.isRunning) await soak.lost(target, error)
    }
    await soak.pause(50)
  }
}

/** Comes, and goes before it has what it came for. */
async function leaveOn (soak, target, path, method) {
  while (soak.isRunning) {
    const outgoing = http.request(`${target.origin}${path}`, { method, agent: false, headers: { 'content-length': '300000' } })
    outgoing.on('error', () => {})
    outgoing.write(Buffer.alloc(100_000))
    await soak.pause(Math.random() * 50)
    outgoing.destroy()
  }
}

module.exports = { readOn, replaceOn, writeOn, watchOn, leaveOn }
