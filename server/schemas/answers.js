'use strict'

/** What the routes answer, for OpenAPI. Bodies of values are bytes, which no serialiser touches. */

const string = description => ({ type: 'string', description })

const version = {
  etag: string('The entity-tag of the version: "<incarnation>.<version>".'),
  'shm-version': string('The version: the count of committed writes.')
}

const value = {
  ...version,
  'last-modified': string('When the version was committed.'),
  'content-security-policy': string('sandbox: whatever is stored, a browser does not run it.')
}

function bytes (description, headers = value) {
  return { description, headers, content: { '*/*': { schema: { type: 'string', format: 'binary' } } } }
}

function nothing (description, headers = {}) {
  return { description, headers, type: 'null' }
}

function problem (description) {
  return { description, content: { 'application/problem+json': { schema: { $ref: 'problem#' } } } }
}

const PROBLEMS = {
  '4xx': problem('The request is at fault: `code` tells what is.'),
  '5xx': problem('503 with Retry-After: later it may succeed. The lock was not had in time, or there is too much to do.')
}

const stream = { description: 'Events as they come: id is the version, data its facts as JSON.', content: { 'text/event-stream': { schema: { type: 'string' } } } }

module.exports = { bytes, nothing, version, value, stream, PROBLEMS }
