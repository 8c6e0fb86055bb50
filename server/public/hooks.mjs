import { useEffect, useReducer, useState } from './vendor/preact.mjs'

/** The part of the page's address after `#`, as it is now. */
export function useHash () {
  const [hash, setHash] = useState(location.hash)
  useEvent(window, 'hashchange', () => setHash(location.hash))
  return hash
}

/** Whether anybody can see the page. */
export function useVisible () {
  const [isVisible, setVisible] = useState(!document.hidden)
  useEvent(document, 'visibilitychange', () => setVisible(!document.hidden))
  return isVisible
}

/** Whether a media query holds. */
export function useMedia (text) {
  const [query] = useState(() => matchMedia(text))
  const [matches, setMatches] = useState(query.matches)
  useEvent(query, 'change', () => setMatches(query.matches))
  return matches
}

/** A function that makes the component draw itself anew. */
export function useRedraw () {
  const [, redraw] = useReducer(count => count + 1, 0)
  return redraw
}

/** The address of some bytes, for as long as they are shown. */
export function useObjectUrl (bytes, type) {
  const [url, setUrl] = useState(null)
  useEffect(() => {
    if (bytes === null) return
    const made = URL.createObjectURL(new Blob([bytes], { type }))
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [bytes, type])
  return bytes === null ? null : url
}

function useEvent (target, name, listener) {
  useEffect(() => {
    target.addEventListener(name, listener)
    return () => target.removeEventListener(name, listener)
  }, [target])
}
