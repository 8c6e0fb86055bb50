'use strict'

// The calls that no open segment is needed for.

const binding = require('./binding')
const { fromFailure, invalidType, invalidValue } = require('./errors')
const { toInfo, toRawInfo } = require('./facts')
const options = require('./options')
const { RawSegment } = require('./raw-segment')
const { PRIVATE, parseReference } = require('./reference')
const { OPENING, Segment } = require('./segment')
const { COLUMNS } = require('./table')
const { untilHad } = require('./waiting')

/** What each layout has to itself. */
const layouts = {
  cell: { open: binding.open, destroy: binding.destroy, list: binding.list, giveUp, Segment, toInfo },
  raw: { open: binding.openRaw, destroy: binding.destroyRaw, list: binding.listRaw, giveUp: giveUpRaw, Segment: RawSegment, toInfo: info => toRawInfo(info) }
}

/**
 * @param {import('..').SegmentReference} reference
 * @param {import('..').OpenOptions | import('..').RawOpenOptions} [given]
 * @returns {Promise<Segment | RawSegment>}
 */
async function open (reference, given) {
  const checked = options.object(given)
  const { target, ...context } = parseReference(reference, { posix: options.posix(checked) })
  const opening = options.openOptions(checked)
  const layout = layouts[opening.layout]
  refuseContradictions(reference, opening)
  if (opening.unsupported) throw fromFailure({ code: 'UNSUPPORTED', reason: opening.unsupported }, context)
  const timeout = options.timeout(checked)
  const limits = { maxPending: options.maxPending(checked), inlineLimit: options.inlineLimit(checked) }
  const signal = options.signal(checked)
  const facts = new Float64Array(COLUMNS)
  const attempt = (slice, callback) => layout.open(target, opening, facts, slice, callback)
  const messages = { ...context, layout: opening.layout, capacity: opening.capacity || 'the default' }
  const handle = await untilHad(attempt, { timeout, signal, giveBack: reference === PRIVATE ? layout.giveUp : giveBack }, messages)
  return new layout.Segment(OPENING, { handle, facts, context, nulTerminated: opening.nulTerminated, ...limits })
}

/** Nobody waits for it any more. */
function giveBack (handle) {
  handle.close(() => {})
}

/** Nobody will ever know its id. */
function giveUp (handle) {
  handle.destroy(0, () => giveBack(handle), -1)
}

/** The same. Not under its lock, which somebody may have: nobody else knows of the segment. */
function giveUpRaw (handle) {
  binding.destroyRaw({ id: handle.describe().id }, { ownerAny: true, ownerUid: -1, widestMode: -1 }, 0, () => giveBack(handle))
}

/** Only makes a new one, or never does. */
function refuseContradictions (reference, { create, exclusive, readOnly }) {
  if (reference === PRIVATE && !create) throw invalidValue('options.create', 'must not be false for a PRIVATE segment, which is always new', create)
  if (reference === PRIVATE && readOnly) throw invalidValue('options.readOnly', 'must not be true for a PRIVATE segment, which is always new', readOnly)
  if (exclusive && typeof reference === 'object' && 'id' in reference) throw invalidValue('options.exclusive', 'must not be true where the id of an existing segment is given', exclusive)
}

/** System V's by their ids, then POSIX's by their names. */
function inOrder (a, b) {
  if (a.posix !== b.posix) return a.posix ? 1 : -1
  return a.posix ? (a.name < b.name ? -1 : 1) : a.id - b.id
}

/**
 * @param {{ layout?: 'cell' | 'raw' }} [given]
 * @returns {Promise<import('..').SegmentInfo[] | import('..').RawSegmentInfo[]>}
 */
async function list (given) {
  const layout = layouts[options.layout(options.object(given).layout)]
  return new Promise((resolve, reject) => {
    layout.list((failure, infos) => failure ? reject(fromFailure(failure, { label: 'list' })) : resolve(infos.map(layout.toInfo).sort(inOrder)))
  })
}

/**
 * @param {Exclude<import('..').SegmentReference, symbol>} reference
 * @param {import('..').DestroyOptions} [given]
 */
async function destroy (reference, given) {
  if (reference === PRIVATE) throw invalidType('reference', 'a name, a key, { ftok: [path, projectId] } or { id }', reference)
  const checked = options.object(given)
  const { target, ...context } = parseReference(reference, { posix: options.posix(checked) })
  const kind = options.layout(checked.layout)
  const policy = { ...options.owner(checked.owner), widestMode: -1 }
  const wait = { timeout: options.timeout(checked), signal: options.signal(checked) }
  await untilHad((slice, callback) => layouts[kind].destroy(target, policy, slice, callback), wait, { ...context, layout: kind })
}

module.exports = { open, list, destroy }
