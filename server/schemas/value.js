'use strict'

const PROBLEMS = { '4xx': { $ref: 'problem#' }, '5xx': { $ref: 'problem#' } }

const readSchema = { response: PROBLEMS }
const writeSchema = { response: PROBLEMS }

const watchSchema = {
  querystring: {
    type: 'object',
    properties: {
      value: { type: 'string', enum: ['utf8', 'base64'], description: 'Include values of up to 64 KiB, as such text.' },
      after: { type: 'string', maxLength: 64, description: 'Only what comes after this version or entity-tag; as the Last-Event-ID header, which counts first.' }
    }
  },
  response: PROBLEMS
}

module.exports = { readSchema, writeSchema, watchSchema, PROBLEMS }
