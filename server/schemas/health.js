'use strict'

const { PROBLEMS } = require('./answers')

/** The answer of both health routes. */
const health = {
  $id: 'health',
  type: 'object',
  required: ['status'],
  properties: { status: { type: 'string', enum: ['ok'] } }
}

function schemaOf (summary) {
  return { tags: ['service'], summary, security: [], response: { 200: { description: 'It is.', $ref: 'health#' }, ...PROBLEMS } }
}

module.exports = {
  health,
  liveSchema: schemaOf('Whether the process answers.'),
  readySchema: schemaOf('Whether the server can read the default segment, and is not about to stop.')
}
