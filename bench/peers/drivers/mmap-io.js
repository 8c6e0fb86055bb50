'use strict'

const fs = require('node:fs')
const mmap = require('@riaskov/mmap-io')
const { copies } = require('../copies')
const { signalled } = require('../signal')

/** A file in memory: spec.folder is on a tmpfs where there is one. */
function place ({ folder, key, size }, create) {
  const file = `${folder}/mapped-${key}`
  const fd = fs.openSync(file, create ? 'w+' : 'r+')
  if (create) fs.ftruncateSync(fd, size)
  const memory = mmap.map(size, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED, fd)
  fs.closeSync(fd)
  return { ...copies(memory), end: () => { if (create) fs.rmSync(file) } }
}

module.exports = { place, link: signalled(place) }
