'use strict'

// The lock that ours is made of, without anything around it; waited for by the thread that asks.

const floors = require('../../floors')

function lock ({ key }) {
  const set = floors.semGet(key)
  return {
    acquire: () => floors.semTake(set),
    release: () => floors.semGive(set),
    end () {},
    destroy: () => floors.semRemove(set)
  }
}

module.exports = { lock }
