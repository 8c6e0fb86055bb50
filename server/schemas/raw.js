'use strict'

const { bytes, PROBLEMS } = require('./answers')

/** Of a raw default segment: text, without versions. */
const tags = ['default segment']
const text = { 200: bytes('The text.', {}), ...PROBLEMS }

module.exports = {
  readSchema: { summary: 'The text.', tags, response: text },
  writeSchema: { summary: 'Replaces the text.', tags, body: { content: { '*/*': { schema: { type: 'string', format: 'binary' } } } }, response: text },
  watchSchema: { summary: 'Not on a raw segment.', tags, response: PROBLEMS }
}
