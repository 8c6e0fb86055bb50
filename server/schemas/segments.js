'use strict'

const { readSchema, writeSchema, watchSchema, PROBLEMS } = require('./value')

const params = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,63}$' } }
}

const nullable = type => ({ type: [type, 'null'] })
const time = { type: ['string', 'null'], format: 'date-time' }

/** A segment as `list()` of the library tells of it. */
const segment = {
  type: 'object',
  properties: {
    name: nullable('string'),
    key: nullable('integer'),
    id: { type: 'integer' },
    default: { type: 'boolean', description: 'True for the segment of /read, /write and /watch.' },
    layout: { type: 'string' },
    layoutVersion: { type: 'string' },
    capacity: { type: 'integer' },
    slots: { type: 'integer' },
    checksum: { type: 'boolean' },
    incarnation: { type: 'string' },
    createdAt: time,
    creatorPid: nullable('integer'),
    segmentBytes: { type: 'integer' },
    mode: { type: 'integer' },
    uid: { type: 'integer' },
    gid: { type: 'integer' },
    attached: { type: 'integer' },
    length: { type: 'integer' },
    version: { type: 'integer' },
    committedAt: time,
    writerPid: nullable('integer'),
    mediaType: nullable('string')
  }
}

const list = { response: { 200: { type: 'array', items: segment }, ...PROBLEMS } }
const read = { ...readSchema, params }
const watch = { ...watchSchema, params }
const destroy = { params, response: PROBLEMS }

const write = {
  ...writeSchema,
  params,
  querystring: {
    type: 'object',
    properties: {
      capacity: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Bytes that a value may have, of a segment that is to be made; of an existing one, the least that will do.' }
    }
  }
}

module.exports = { list, read, watch, write, destroy }
