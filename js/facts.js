'use strict'

// The addon's numbers as what people get to see: Dates, and null for what is not there.

const date = milliseconds => milliseconds === 0 ? null : new Date(milliseconds)

/** @returns {import('..').Snapshot} */
function toSnapshot (data, { version, committedAt, writerPid, mediaType }) {
  return { data, version, committedAt: date(committedAt), writerPid: writerPid || null, mediaType: mediaType || null }
}

/** @returns {import('..').SegmentInfo} */
function toInfo (info) {
  return {
    id: info.posix ? null : info.id,
    posix: info.posix,
    key: info.key || null,
    name: info.name || null,
    layout: 'cell',
    layoutVersion: info.layoutVersion,
    capacity: info.capacity,
    slots: info.slots,
    checksum: info.checksum,
    incarnation: info.incarnation,
    createdAt: new Date(info.createdAt),
    creatorPid: info.creatorPid,
    segmentBytes: info.segmentBytes,
    mode: info.mode,
    uid: info.uid,
    gid: info.gid,
    attached: info.posix ? null : info.attached,
    length: info.length,
    version: info.version,
    committedAt: date(info.committedAt),
    writerPid: info.writerPid || null,
    mediaType: info.mediaType || null
  }
}

/** @returns {import('..').RawSnapshot} */
const toRawSnapshot = data => ({ data, version: null, committedAt: null, writerPid: null, mediaType: null })

/**
 * @param {object} info
 * @param {string | null} [name] that it was opened by: the segment does not know
 * @returns {import('..').RawSegmentInfo}
 */
function toRawInfo (info, name = null) {
  const { posix, key, segmentBytes, mode, uid, gid } = info
  const [id, attached] = posix ? [null, null] : [info.id, info.attached]
  return {
    id, posix, key: key || null, name: info.name || name, layout: 'raw', capacity: segmentBytes, segmentBytes, mode, uid, gid, attached, creatorPid: info.creatorPid || null
  }
}

module.exports = { toSnapshot, toInfo, toRawSnapshot, toRawInfo }
