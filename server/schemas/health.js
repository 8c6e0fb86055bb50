'use strict'

/** The answer of both health routes. */
module.exports = {
  $id: 'health',
  type: 'object',
  required: ['status'],
  properties: { status: { type: 'string', enum: ['ok'] } }
}
