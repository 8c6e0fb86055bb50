'use strict'

// The inputs that are kept: corpus/*.hex, one input a line in hexadecimal, # for comments. libFuzzer wants a folder of files.

const { spawnSync } = require('node:child_process')
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')

const textOf = target => path.join(__dirname, 'corpus', `${target}.hex`)
/** What earlier runs on this machine have found stays there. */
const folderOf = (target, build) => path.join(build, `corpus-${target}`)

function readHex (file) {
  const lines = fs.readFileSync(file, 'utf8').split('\n').map(line => line.replace(/#.*/, '').trim())
  return lines.filter(line => line !== '').map(line => Buffer.from(line, 'hex'))
}

/** Puts the kept inputs where libFuzzer takes them from, and adds to; gives that folder. */
function unpack (target, build) {
  const folder = folderOf(target, build)
  fs.mkdirSync(folder, { recursive: true })
  for (const input of readHex(textOf(target))) fs.writeFileSync(path.join(folder, createHash('sha1').update(input).digest('hex')), input)
  return folder
}

/** Rewrites the kept inputs as the fewest that reach what all those of the folder reach. Value profiles do not count. */
function keep (target, build, program) {
  const fewest = fs.mkdtempSync(path.join(build, 'merge-'))
  spawnSync(program, ['-merge=1', fewest, unpack(target, build)], { stdio: 'ignore' })
  const lines = fs.readdirSync(fewest).map(file => fs.readFileSync(path.join(fewest, file)).toString('hex'))
  const comments = fs.readFileSync(textOf(target), 'utf8').split('\n').filter(line => line.startsWith('#'))
  fs.writeFileSync(textOf(target), [...comments, ...lines.sort((a, b) => a.length - b.length || (a < b ? -1 : 1)), ''].join('\n'))
  fs.rmSync(fewest, { recursive: true })
  console.log(`${target}: ${lines.length} inputs are kept`)
}

module.exports = { unpack, keep }
