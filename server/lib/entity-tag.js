'use strict'

// An entity-tag of RFC 9110, then the end of the list or a comma. Empty list elements are allowed.
const MEMBER = /[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*)?(?:,|$)/y

/**
 * The strong entity-tag of one version, without its quotes. The incarnation in it makes a segment that was made anew
 * differ from the one before.
 */
function opaqueTag (incarnation, version) {
  return `${incarnation}.${version}`
}

/** The strong entity-tag of one version, as the ETag header has it. */
function entityTag (incarnation, version) {
  return `"${opaqueTag(incarnation, version)}"`
}

/**
 * Reads If-Match or If-None-Match.
 * @param {string | undefined} header
 * @returns {'*' | { weak: boolean, opaque: string }[] | null | undefined} null if malformed, undefined if absent
 */
function parseTags (header) {
  if (header === undefined) return undefined
  if (header.trim() === '*') return '*'
  const tags = []
  MEMBER.lastIndex = 0
  while (MEMBER.lastIndex < header.length) {
    const member = MEMBER.exec(header)
    if (member === null) return null
    if (member[2] !== undefined) tags.push({ weak: member[1] !== undefined, opaque: member[2] })
  }
  return tags.length > 0 ? tags : null
}

module.exports = { opaqueTag, entityTag, parseTags }
