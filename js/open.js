'use strict'

// The calls that no open segment is needed for.

const binding = require('./binding')
const { fromFailure, invalidType, invalidValue } = require('./errors')
const { toInfo } = require('./facts')
const options = require('./options')
const { PRIVATE, parseReference } = require('./reference')
const { OPENING, Segment } = require('./segment')
const { COLUMNS } = require('./table')
const { untilHad } = require('./waiting')

/**
 * @param {import('..').SegmentReference} reference
 * @param {import('..').OpenOptions} [given]
 * @returns {Promise<Segment>}
 */
async function open (reference, given) {
  const { target, ...context } = parseReference(reference)
  const checked = options.object(given)
  const opening = options.openOptions(checked)
  refuseContradictions(reference, opening)
  const timeout = options.timeout(checked)
  const limits = { maxPending: options.maxPending(checked), inlineLimit: options.inlineLimit(checked) }
  const signal = options.signal(checked)
  const facts = new Float64Array(COLUMNS)
  const attempt = (slice, callback) => binding.open(target, opening, facts, slice, callback)
  const messages = { ...context, capacity: opening.capacity || 'the default' }
  const handle = await untilHad(attempt, { timeout, signal, giveBack: reference === PRIVATE ? giveUp : giveBack }, messages)
  return new Segment(OPENING, { handle, facts, context, ...limits })
}

/** Nobody waits for it any more. */
function giveBack (handle) {
  handle.close(() => {})
}

/** Nobody will ever know its id. */
function giveUp (handle) {
  handle.destroy(0, () => giveBack(handle), -1)
}

/** Only makes a new one, or never does. */
function refuseContradictions (reference, { create, exclusive, readOnly }) {
  if (reference === PRIVATE && !create) throw invalidValue('options.create', 'must not be false for a PRIVATE segment, which is always new', create)
  if (reference === PRIVATE && readOnly) throw invalidValue('options.readOnly', 'must not be true for a PRIVATE segment, which is always new', readOnly)
  if (exclusive && typeof reference === 'object' && 'id' in reference) throw invalidValue('options.exclusive', 'must not be true where the id of an existing segment is given', exclusive)
}

/** @returns {Promise<import('..').SegmentInfo[]>} */
function list () {
  return new Promise((resolve, reject) => {
    binding.list((failure, infos) => failure ? reject(fromFailure(failure, { label: 'list' })) : resolve(infos.map(toInfo).sort((a, b) => a.id - b.id)))
  })
}

/**
 * @param {Exclude<import('..').SegmentReference, symbol>} reference
 * @param {import('..').DestroyOptions} [given]
 */
async function destroy (reference, given) {
  if (reference === PRIVATE) throw invalidType('reference', 'a name, a key, { ftok: [path, projectId] } or { id }', reference)
  const { target, ...context } = parseReference(reference)
  const checked = options.object(given)
  const policy = { ...options.owner(checked.owner), widestMode: -1 }
  const wait = { timeout: options.timeout(checked), signal: options.signal(checked) }
  await untilHad((slice, callback) => binding.destroy(target, policy, slice, callback), wait, context)
}

module.exports = { open, list, destroy }
