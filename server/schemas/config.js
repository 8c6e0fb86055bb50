'use strict'

/** The environment variables that the server understands. */
module.exports = {
  type: 'object',
  properties: {
    HOST: { type: 'string', default: '127.0.0.1' },
    PORT: { type: 'integer', minimum: 0, maximum: 65535, default: 8080 },
    SHM_KEY: {
      type: 'string',
      pattern: '^(-?[0-9]+|[A-Za-z0-9._-]{1,63})$',
      description: 'a number, or a name of 1 to 63 of A-Z a-z 0-9 . _ -',
      default: '32140895'
    },
    // Without a default: absent, any capacity of an existing segment will do.
    SHM_CAPACITY: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    SHM_LAYOUT: { type: 'string', enum: ['cell', 'raw'], default: 'cell' },
    SHM_SEMAPHORE: { type: 'string', pattern: '^/[^/]{1,250}$', description: "the name of a POSIX semaphore, such as '/name'" },
    LOG_LEVEL: { type: 'string', enum: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], default: 'info' }
  }
}
