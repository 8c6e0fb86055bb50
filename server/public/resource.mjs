/**
 * Where the server has a segment: the default one by the short routes, others by their names.
 * @typedef {{ read: string, watch: string, write: string, method: string, title: string, hash: string }} Resource
 */

// A browser takes these two for parts of the path.
const UNREACHABLE = new Set(['.', '..'])

/**
 * @param {{ name: string | null, default?: boolean }} segment
 * @returns {Resource | null} null if it has no address
 */
export function resourceOf ({ name, key, default: isDefault }) {
  if (isDefault) return { read: 'read', watch: 'watch', write: 'write', method: 'POST', title: name ?? titleOfKey(key), hash: '#/' }
  if (name === null || UNREACHABLE.has(name)) return null
  const path = `segments/${name}`
  return { read: path, watch: `${path}/watch`, write: path, method: 'PUT', title: name, hash: `#/${path}` }
}

/** Why a segment has no address, for a person. */
export function whyUnreachable ({ name }) {
  return name === null ? 'no name to open it by' : 'browsers cannot ask for it'
}

/** What a segment without a name is called. */
export function titleOfKey (key) {
  return key === null ? 'private' : `key ${key}`
}

/** The segment that a hash of the page's address stands for. */
export function isSelected (resource, hash) {
  return resource !== null && resource.hash === (hash === '' ? '#/' : hash)
}
