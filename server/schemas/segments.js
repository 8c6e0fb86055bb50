'use strict'

const { bytes, nothing, value, PROBLEMS } = require('./answers')
const { conditions, read, write, watch } = require('./value')

const tags = ['named segments']

const params = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,63}$' } }
}

const nullable = type => ({ type: [type, 'null'] })
const integer = { type: 'integer' }
const time = { type: ['string', 'null'], format: 'date-time' }

/** A segment as `list()` of the library tells of it. */
const segment = {
  type: 'object',
  required: ['name', 'key', 'default', 'capacity', 'length', 'version', 'committedAt', 'writerPid', 'mediaType'],
  properties: {
    name: nullable('string'),
    key: nullable('integer'),
    id: { ...integer, description: 'As ipcs(1) has it.' },
    default: { type: 'boolean', description: 'True for the segment of /read, /write and /watch.' },
    layout: { type: 'string' },
    layoutVersion: { type: 'string' },
    capacity: { ...integer, description: 'Bytes that its value may have.' },
    slots: integer,
    checksum: { type: 'boolean' },
    incarnation: { type: 'string' },
    createdAt: time,
    creatorPid: nullable('integer'),
    segmentBytes: { ...integer, description: 'Of memory that it takes.' },
    mode: integer,
    uid: integer,
    gid: integer,
    attached: { ...integer, description: 'How often, in all processes.' },
    length: { ...integer, description: 'Of its value, in bytes.' },
    version: { ...integer, description: '0 if it was never written.' },
    committedAt: time,
    writerPid: nullable('integer'),
    mediaType: nullable('string')
  }
}

module.exports = {
  listSchema: { tags, summary: 'All segments of this machine that the server may read.', response: { 200: { description: 'In the order of their ids.', type: 'array', items: segment }, ...PROBLEMS } },
  readSchema: { ...read, tags, params },
  watchSchema: { ...watch, tags, params },
  destroySchema: { tags, summary: 'Destroys the segment, for everybody.', params, headers: conditions, response: { 204: nothing('It is gone.'), ...PROBLEMS } },
  writeSchema: {
    ...write,
    tags,
    summary: 'Replaces the value, and makes the segment if there is none.',
    params,
    querystring: {
      type: 'object',
      properties: {
        capacity: { ...integer, minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Bytes that a value may have, for good. Of an existing segment, the least that will do: else 409. A new one gets 2048 (SHM_CAPACITY), or as many as the first value has.' }
      }
    },
    response: { ...write.response, 201: bytes('The first value of the segment.', value) }
  }
}
