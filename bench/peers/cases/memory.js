'use strict'

// What a process takes of the machine: before the driver has a place, after a hundred writes and reads, and what is shared of that.

const fs = require('node:fs')

/** In bytes, from /proc: RssAnon is the process's own, RssShmem what it maps of shared memory. */
function memory () {
  const status = fs.readFileSync('/proc/self/status', 'utf8')
  const of = name => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)[1]) * 1024
  return { own: of('RssAnon'), shared: of('RssShmem') + of('RssFile') }
}

const CALLS = 100

async function start ({ driver, spec }) {
  const source = Buffer.alloc(spec.size, 1)
  const target = Buffer.alloc(spec.size, 2)
  const before = memory()
  const place = await driver.place(spec, true)
  return {
    async round () {
      for (let i = 0; i < CALLS; i++) {
        await place.write(source)
        await place.read(target)
      }
      const after = memory()
      return { values: { own: after.own - before.own, shared: after.shared - before.shared } }
    },
    end: () => place.end()
  }
}

module.exports = { start }
