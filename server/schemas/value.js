'use strict'

const { bytes, nothing, stream, version, PROBLEMS } = require('./answers')

const string = description => ({ type: 'string', description })
const object = properties => ({ type: 'object', properties })

const conditions = object({
  'if-match': string('Only if the current version has one of these entity-tags; *: only if there is a value. Decided by the segment, in one step with the change.'),
  'if-none-match': string('Only if it has none of these; *: only if there is no value yet.')
})

/** `GET` of a value. */
const read = {
  summary: 'The value.',
  headers: object({
    'if-none-match': string('Entity-tags of versions that are known already: 304.'),
    'if-match': string('Only if the current version has one of these entity-tags; *: only if there is a value. Else 412.'),
    prefer: string('wait=N: with If-None-Match, the answer may take up to N seconds (60 at most), until there is another version.'),
    range: string('bytes=FIRST-LAST: a part. Several at once are not served: that is answered with all.'),
    'if-range': string('The part only if the current version has this entity-tag, else all.')
  }),
  response: {
    200: bytes('The value, as the media type that it was stored with.'),
    204: nothing('It was never written.', version),
    206: bytes('The part that was asked for.'),
    304: nothing('One of the versions that are known already.', version),
    ...PROBLEMS
  }
}

/** A write of a value. */
const write = {
  summary: 'Replaces the value.',
  description: 'The body is stored as it comes, with its Content-Type; application/json is checked.',
  headers: object({
    ...conditions.properties,
    'content-type': string('Stored with the value: up to 63 printable ASCII characters.'),
    prefer: string('return=minimal: answer without the value.')
  }),
  body: { content: { '*/*': { schema: { type: 'string', format: 'binary' } } } },
  response: {
    200: bytes('What the segment then held.', version),
    204: nothing('The same, without the value.', version),
    ...PROBLEMS
  }
}

/** A stream of versions. */
const watch = {
  summary: 'The versions as they come, as server-sent events. Who is slow gets the newest, and misses those between.',
  headers: object({ 'last-event-id': string('Where to go on: with the value that there is, or, after an entity-tag (<incarnation>.<version>), with the version after that. The id of an event, its version, does not tell whether the segment was made anew since.') }),
  querystring: object({
    value: { type: 'string', enum: ['utf8', 'base64'], description: 'Include values of up to 64 KiB, as such text.' },
    interval: { type: 'integer', minimum: 0, maximum: 1000, description: 'Milliseconds between two versions, at least: those between are left out.' },
    after: { type: 'string', maxLength: 64, description: 'As Last-Event-ID, for who cannot set it.' }
  }),
  response: { 200: stream, ...PROBLEMS }
}

const tags = ['default segment']

module.exports = { conditions, read, write, watch, readSchema: { ...read, tags }, writeSchema: { ...write, tags }, watchSchema: { ...watch, tags } }
