'use strict'

const HttpError = require('./http-error')

/**
 * An `onRequest` hook: checks the parameters of a route before its body is read. Fastify does so after that.
 * @param {import('fastify').FastifyRequest} request
 */
async function validateEarly (request) {
  check(request, request.params, 'params')
  check(request, request.query, 'querystring')
}

function check (request, input, part) {
  const validate = request.getValidationFunction(part)
  if (validate === undefined || validate(input)) return
  const [{ instancePath, message }] = validate.errors
  throw new HttpError(400, 'FST_ERR_VALIDATION', `${part}${instancePath} ${message}`)
}

module.exports = validateEarly
