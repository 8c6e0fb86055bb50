const KEY = 'shmnode-token'

/** The token that a person gave for this tab; null without one. */
let token = null

try {
  token = sessionStorage.getItem(KEY)
} catch {
  // A browser that stores nothing: it lives as long as the page.
}

export const getToken = () => token

/** @param {string | null} given null forgets it */
export function setToken (given) {
  token = given
  try {
    if (given === null) sessionStorage.removeItem(KEY)
    else sessionStorage.setItem(KEY, given)
  } catch {
    // As above.
  }
}
