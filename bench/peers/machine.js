'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')

/** What the result depends on. */
function machine () {
  const [cpu] = os.cpus()
  return {
    cpu: cpu.model.trim(),
    cores: os.cpus().length,
    memory: os.totalmem(),
    kernel: `${os.type()} ${os.release()}`,
    arch: os.arch(),
    node: process.version,
    v8: process.versions.v8,
    load: os.loadavg()[0],
    virtual: /^flags\s*:.*\bhypervisor\b/m.test(fs.readFileSync('/proc/cpuinfo', 'utf8')),
    redis: redisVersion()
  }
}

function redisVersion () {
  try {
    return /v=(\S+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))?.[1]
  } catch {
    return undefined
  }
}

/** What this process may run on, from the kernel's `0-3,8`. */
function processors () {
  const [, list] = /^Cpus_allowed_list:\s*(.*)$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))
  return list.split(',').flatMap(range => {
    const [first, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

module.exports = { machine, processors }
