'use strict'

// The C++ library as somebody gets it who installs the npm package: packed, unpacked, used by -I alone, and installed for CMake
// and pkg-config. The program and every command are those of native/README.md.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const t = require('tap')
const { blocks } = require('../helpers/blocks')
const { plainEnv } = require('../helpers/child')
const { run } = require('../helpers/examples')
const { uniqueName } = require('../helpers/keys')
const { withSegment } = require('../helpers/segment')

const ROOT = path.join(__dirname, '../..')
const readme = fs.readFileSync(path.join(ROOT, 'native/README.md'), 'utf8')
const [PROGRAM] = blocks(readme, 'cpp')
const [WITH_I, INSTALL, WITH_PKG_CONFIG] = blocks(readme, 'sh')
const [PROJECT] = blocks(readme, 'cmake')

const has = tool => {
  try {
    return execFileSync(tool, ['--version']).length > 0
  } catch {
    return false
  }
}
const missing = ['cmake', 'pkg-config'].filter(tool => !has(tool))
const skip = missing.length > 0 && `without ${missing.join(' and ')}`

t.setTimeout(600_000) // on a machine under load

const home = t.testdir({ node_modules: {} })
const PREFIX = path.join(home, 'prefix')
const shell = (command, env) => execFileSync('sh', ['-ec', command], { cwd: home, env: plainEnv(env), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** What people get: the archive of npm pack, unpacked where npm install would. */
function unpack () {
  const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--json', '--pack-destination', home], { cwd: ROOT, env: plainEnv(), stdio: ['ignore', 'pipe', 'ignore'] }))
  shell(`tar -xzf ${filename} && mv package node_modules/shmnode`)
}

function list (folder) {
  return fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile()).map(entry => path.relative(folder, path.join(entry.parentPath, entry.name))).sort()
}

/** A folder with the program and a project file for it; the segment's name in it is one of our own. */
function project (t, cmake = PROJECT) {
  const name = uniqueName()
  const folder = fs.mkdtempSync(path.join(home, 'project-'))
  fs.writeFileSync(path.join(home, 'prices.cc'), PROGRAM.replace('"prices"', `"${name}"`))
  fs.copyFileSync(path.join(home, 'prices.cc'), path.join(folder, 'prices.cc'))
  fs.writeFileSync(path.join(folder, 'CMakeLists.txt'), cmake)
  return { name, folder }
}

/** The program at work on a segment of Node.js. */
async function works (t, program, name) {
  const segment = await withSegment(t, { reference: name })
  await segment.write('written in JavaScript')
  t.equal(execFileSync(program, { encoding: 'utf8', env: plainEnv() }), 'version 1: written in JavaScript\nversion 2 is mine\n')
  t.match(await segment.snapshot(), { data: Buffer.from('written in C++'), version: 2, mediaType: 'text/plain' })
}

function build (folder, options = '') {
  shell(`cmake -S ${folder} -B ${folder}/build ${options} && cmake --build ${folder}/build --parallel 2`)
}

unpack()

t.test('with -I alone', async t => {
  const { name } = project(t)
  shell(WITH_I)
  await works(t, path.join(home, 'prices'), name)
})

t.test('installed', { skip }, async t => {
  shell(INSTALL.replaceAll('/tmp/shmnode', `${home}/build`).replace('/usr/local', PREFIX))
  const installed = list(PREFIX)
  const headers = list(path.join(ROOT, 'native/include'))
  t.strictSame(installed.filter(file => file.startsWith('include/')), headers.map(file => `include/${file}`), 'all headers')
  t.strictSame(installed.filter(file => !file.startsWith('include/')), [
    'share/cmake/shmnode/shmnode-config-version.cmake', 'share/cmake/shmnode/shmnode-config.cmake', 'share/cmake/shmnode/shmnode-targets.cmake',
    'share/pkgconfig/shmnode.pc'
  ], 'and nothing but what finds them')
  t.notOk(installed.some(file => fs.readFileSync(path.join(PREFIX, file), 'utf8').includes(home)), 'no file knows where it was installed')

  // Elsewhere than where it was installed, and without what it was installed from.
  const moved = path.join(home, 'moved')
  const examples = path.join(home, 'examples')
  fs.cpSync(path.join(home, 'node_modules/shmnode/native/examples'), examples, { recursive: true })
  fs.renameSync(PREFIX, moved)
  fs.renameSync(path.join(home, 'node_modules'), path.join(home, 'not_there'))

  await t.test('found by pkg-config', async t => {
    const env = { PKG_CONFIG_PATH: path.join(moved, 'share/pkgconfig') }
    const { name } = project(t)
    shell(WITH_PKG_CONFIG, env)
    await works(t, path.join(home, 'prices'), name)
    t.equal(shell('pkg-config --modversion shmnode', env).trim(), require('../../package.json').version)
  })

  await t.test('found by CMake', async t => {
    const { name, folder } = project(t)
    build(folder, `-DCMAKE_PREFIX_PATH=${moved}`)
    await works(t, path.join(folder, 'build/prices'), name)
  })

  await t.test('of another version it is not', async t => {
    const { folder } = project(t, PROJECT.replace('find_package(shmnode 0.1', 'find_package(shmnode 0.2'))
    t.throws(() => build(folder, `-DCMAKE_PREFIX_PATH=${moved}`), { stderr: /version: 0\.1\.0/ })
  })

  await t.test('the examples', async t => {
    build(examples, `-DCMAKE_PREFIX_PATH=${moved} -DCMAKE_CXX_FLAGS="-Wall -Wextra -Werror"`)
    run(t, path.join(examples, 'build'))
  })
  fs.renameSync(path.join(home, 'not_there'), path.join(home, 'node_modules'))
})

t.test('a part of another project', { skip }, async t => {
  const [, added] = /`(add_subdirectory\(.*?\))`/.exec(readme)
  const { name, folder } = project(t, PROJECT.replace(/find_package\(.*\)/, added.replace('node_modules', `${home}/node_modules`)))
  build(folder)
  await works(t, path.join(folder, 'build/prices'), name)
  shell(`cmake --install ${folder}/build --prefix ${home}/none`)
  t.notOk(fs.existsSync(path.join(home, 'none')), 'it installs nothing of its own')
})
