'use strict'

const Validators = require('@fastify/ajv-compiler')
const { SerializerSelector } = require('@fastify/fast-json-stringify-compiler')

/**
 * Has the schemas of a scope understood as Fastify does by default: the application around it may want no coercion, or schemas of another
 * kind.
 * @param {import('fastify').FastifyInstance} fastify with all schemas that others refer to
 */
function setOwnCompilers (fastify) {
  const schemas = fastify.getSchemas()
  fastify.setValidatorCompiler(Validators()(schemas, { customOptions: {} }))
  fastify.setSerializerCompiler(SerializerSelector()(schemas, {}))
}

module.exports = setOwnCompilers
