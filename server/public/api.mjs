import { eventsOf } from './events.mjs'
import { getToken } from './token.mjs'
import { Value } from './value.mjs'

/** What the server says is wrong. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {{ code?: string, detail?: string, title?: string }} problem
   */
  constructor (status, { code = '', detail, title }) {
    super(detail ?? title ?? `The server answered ${status}.`)
    this.status = status
    this.code = code
  }
}

/**
 * The segments that the server can see.
 * @returns {Promise<{ segments: object[], serverTime: number }>} `serverTime`: milliseconds since 1970, to the second
 */
export async function list (signal) {
  const response = await request('segments', { signal })
  return { segments: await response.json(), serverTime: Date.parse(response.headers.get('date')) }
}

/**
 * @param {import('./resource.mjs').Resource} resource
 * @param {{ etag?: string, limit?: number, signal?: AbortSignal }} options `etag`: what is known already; `limit`: how many bytes to get
 * @returns {Promise<Value | null>} null if it is what is known already
 */
export async function read (resource, { etag, limit = Infinity, signal } = {}) {
  const headers = {}
  if (etag !== undefined) headers['if-none-match'] = etag
  if (limit !== Infinity) headers.range = `bytes=0-${limit - 1}`
  const response = await request(resource.read, { headers, signal }, [304, 416])
  if (response.status === 304) return null
  // There is no byte of which that would be a part.
  if (response.status === 416) return read(resource, { etag, signal })
  return new Value(new Uint8Array(await response.arrayBuffer()), response.headers)
}

/**
 * @param {import('./resource.mjs').Resource} resource
 * @param {BodyInit} body
 * @param {{ mediaType: string, etag?: string | null }} options `etag`: write only if this is what the segment still holds; null: only if
 *   it holds nothing yet
 * @returns {Promise<{ version: number, etag: string }>}
 */
export async function write (resource, body, { mediaType, etag }) {
  const headers = { 'content-type': mediaType, prefer: 'return=minimal' }
  if (etag === null) headers['if-none-match'] = '*'
  else if (etag !== undefined) headers['if-match'] = etag
  const response = await request(resource.write, { method: resource.method, headers, body })
  return { version: Number(response.headers.get('shm-version')), etag: response.headers.get('etag') }
}

/**
 * The versions of a segment as they come, each with its facts; null once it is destroyed.
 * @param {import('./resource.mjs').Resource} resource
 * @param {{ interval: number, signal: AbortSignal }} options `interval`: at most one in so many milliseconds
 */
export async function * watch (resource, { interval, signal }) {
  const { body } = await request(`${resource.watch}?interval=${interval}`, { signal })
  for await (const { event, data } of eventsOf(body)) {
    if (event === 'destroyed') return yield null
    if (event === 'message') yield JSON.parse(data)
  }
}

async function request (path, { headers, ...options }, accepted = []) {
  const token = getToken()
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(path, { cache: 'no-store', ...options, headers: { ...headers, ...authorization } })
  if (response.ok || accepted.includes(response.status)) return response
  throw new ApiError(response.status, await response.json().catch(() => ({})))
}
