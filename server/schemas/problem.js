'use strict'

/** An error as RFC 9457 describes it; `code` is stable. */
module.exports = {
  $id: 'problem',
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    instance: { type: 'string' }
  }
}
