'use strict'

const peer = require('shm-typed-array')
const { signalled } = require('../signal')
const { copies } = require('../copies')

/** It makes an end of all its segments when the process exits, so B, which only gets it, goes first. */
function place ({ key, size }, create) {
  const memory = create ? peer.create(size, 'Buffer', key) : peer.get(key, 'Buffer')
  if (memory === null) throw new Error(`no segment under ${key}`)
  return { ...copies(memory), end: () => { create ? peer.destroy(key) : peer.detach(key) } }
}

module.exports = { place, link: signalled(place) }
