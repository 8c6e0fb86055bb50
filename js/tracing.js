'use strict'

// The tracing channels: free while nobody listens.

const { tracingChannel } = require('node:diagnostics_channel')

const channels = { read: tracingChannel('shmnode:read'), write: tracingChannel('shmnode:write'), lock: tracingChannel('shmnode:lock') }

/**
 * @template T
 * @param {'read' | 'write' | 'lock'} name
 * @param {() => Promise<T>} call
 * @param {object} facts the message that subscribers get: { segment, ... }
 * @returns {Promise<T>}
 */
const traced = (name, call, facts) => channels[name].tracePromise(call, facts)

/** @param {'read' | 'write' | 'lock'} name */
const isTraced = name => channels[name].hasSubscribers

module.exports = { isTraced, traced }
