'use strict'

// A copy of the working tree with a build of its own, so that a sanitizer's build leaves build/Release alone, while all paths
// in the tests hold.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '../..')

/** Packages are linked, not copied; links between workspaces lead to the copy itself. */
function linkModules (tree) {
  const modules = path.join(ROOT, 'node_modules')
  fs.rmSync(path.join(tree, 'node_modules'), { recursive: true, force: true })
  fs.mkdirSync(path.join(tree, 'node_modules'))
  for (const name of fs.readdirSync(modules)) {
    const from = path.join(modules, name)
    const to = path.join(tree, 'node_modules', name)
    fs.symlinkSync(fs.lstatSync(from).isSymbolicLink() ? fs.readlinkSync(from) : from, to)
  }
}

/** Files keep their times, so that only what was edited is compiled again. */
function copyTree (name) {
  const tree = path.join(ROOT, 'build/Sanitize', name)
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT, encoding: 'utf8' })
  for (const file of listed.split('\0').filter(file => file !== '' && fs.existsSync(path.join(ROOT, file)))) {
    fs.cpSync(path.join(ROOT, file), path.join(tree, file), { preserveTimestamps: true })
  }
  linkModules(tree)
  return tree
}

/** Compiles `targets`, or everything, for -fsanitize=`kinds`. */
function build (tree, kinds, targets) {
  const run = (command, args) => execFileSync(command, args, { cwd: tree, stdio: ['ignore', 'ignore', 'inherit'] })
  run('npx', ['--no-install', 'node-gyp', 'configure', '--', '-Dtests=1', `-Dsanitize=${kinds}`])
  run('make', ['-C', 'build', '-j2', 'BUILDTYPE=Release', ...targets])
}

module.exports = { copyTree, build }
