'use strict'

const fp = require('fastify-plugin')
const swagger = require('@fastify/swagger')
const swaggerUi = require('@fastify/swagger-ui')
const { version } = require('../package.json')

/** Most servers of this kind do not speak HTTPS: over HTTP, a browser would load nothing of the page. */
const overHttp = policy => policy.replace(/\s*upgrade-insecure-requests;?/, '')

/** `/docs`: what the routes that are registered after this take and give, as OpenAPI; `/docs/json` for programs. */
async function docs (fastify) {
  await fastify.register(swagger, {
    transform: ({ schema, url, route: { config } }) => ({ url, schema: config?.headers === undefined ? schema : { ...schema, headers: config.headers } }),
    refResolver: { buildLocalReference: (schema, baseUri, fragment, i) => schema.$id ?? `schema-${i}` },
    openapi: {
      openapi: '3.1.0',
      info: { title: 'shmnode', version, description: 'System V shared memory as an HTTP resource.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{}, { token: [] }]
    }
  })
  await fastify.register(publicly, { plugin: swaggerUi, options: { routePrefix: '/docs', staticCSP: true, transformStaticCSP: overHttp } })
}

/** Registers a plugin whose routes everybody may see. */
async function publicly (fastify, { plugin, options }) {
  fastify.addHook('onRoute', route => { route.config = { ...route.config, access: 'public' } })
  await fastify.register(plugin, options)
}

module.exports = fp(docs, { name: 'docs' })
