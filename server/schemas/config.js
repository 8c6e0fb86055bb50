'use strict'

const bytes = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER }
const count = { type: 'integer', minimum: 1, maximum: 1_000_000 }
const milliseconds = { type: 'integer', minimum: 1, maximum: 2 ** 31 - 1 }

/** The environment variables that the server understands. What has no default here has it in lib/options.js, or means something by its absence. */
module.exports = {
  type: 'object',
  properties: {
    HOST: { type: 'string', default: '127.0.0.1' },
    PORT: { type: 'integer', minimum: 0, maximum: 65535, default: 8080 },
    SOCKET: { type: 'string', maxLength: 107 },
    SOCKET_MODE: { type: 'string', pattern: '^0?[0-7]{3}$', description: 'three octal digits, like 660', default: '600' },
    TLS_CERT: { type: 'string' },
    TLS_KEY: { type: 'string' },
    AUTH_TOKENS: { type: 'string' },
    AUTH_TOKENS_FILE: { type: 'string' },
    ALLOWED_HOSTS: { type: 'string' },
    SHM_KEY: {
      type: 'string',
      pattern: '^(-?[0-9]+|[A-Za-z0-9._-]{1,63})$',
      description: 'a number, or a name of 1 to 63 of A-Z a-z 0-9 . _ -',
      default: '32140895'
    },
    // Without a default: absent, any capacity of an existing segment will do.
    SHM_CAPACITY: bytes,
    SHM_LAYOUT: { type: 'string', enum: ['cell', 'raw'], default: 'cell' },
    SHM_SEMAPHORE: { type: 'string', pattern: '^/[^/]{1,250}$', description: "the name of a POSIX semaphore, such as '/name'" },
    MAX_CAPACITY: bytes,
    MAX_BODY_BYTES: bytes,
    MAX_ANSWER_BYTES: bytes,
    MAX_CONNECTIONS: { ...count, default: 10_000 },
    MAX_STREAMS: count,
    MAX_WRITES: count,
    RATE_LIMIT: { type: 'integer', minimum: 0, maximum: 1_000_000 },
    HEARTBEAT: milliseconds,
    LOCK_TIMEOUT: milliseconds,
    REQUEST_TIMEOUT: { ...milliseconds, default: 30_000 },
    STOP_TIMEOUT: { ...milliseconds, default: 8000 },
    LOG_LEVEL: { type: 'string', enum: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], default: 'info' }
  }
}
