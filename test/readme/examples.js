'use strict'

// Every example of the README, run as it stands there: blocks of js as modules, blocks of sh line by line.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const t = require('tap')
const shm = require('../..')
const { blocks } = require('../helpers/blocks')
const { plainEnv, start } = require('../helpers/child')
const { uniqueKey, uniqueName } = require('../helpers/keys')
const { uniquePosixName } = require('../helpers/memory')
const { PYTHON, pythonOnly } = require('../helpers/python')
const { remove } = require('../helpers/segment')

const ROOT = path.join(__dirname, '../..')
const readme = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8')

function destroyIfThere (reference) {
  return shm.destroy(reference).catch(error => {
    if (error.code !== 'ERR_SHM_NOT_FOUND') throw error
  })
}

/** Names of the README give way to unique ones; the default segment's key is unique too. */
async function inPrivate (t, code, use) {
  const key = uniqueKey()
  const name = uniqueName()
  t.teardown(() => Promise.all([key, name].map(destroyIfThere)))
  const file = uniquePosixName()
  t.teardown(() => remove(file, 'cell', true))
  const unique = code.replaceAll(/'(prices|leader|nightly-jobs|ticker|quotes)'/g, `'${name}'`).replaceAll("'/frame'", `'${file}'`)
  return use(unique, plainEnv({ SHM_KEY: String(key) }))
}

/** The comments behind console.log tell what it prints; numbers of processes differ. */
function expected (code) {
  const lines = [...code.matchAll(/console\.log\(.*\)\s*\/\/ (.*)$/gm)].map(match => match[1].trim())
  return lines.map(line => new RegExp(`^${line.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\d{4,}$/, '\\d+')}$`, 'm'))
}

t.test('JavaScript', async t => {
  for (const code of blocks(readme, 'js')) {
    await t.test(code.split('\n').find(line => line.includes('await')), t => inPrivate(t, code, async (code, env) => {
      const output = execFileSync(process.execPath, ['--input-type=module', '--eval', code], { cwd: ROOT, env, encoding: 'utf8' })
      t.not(output, '', 'it prints something')
      for (const pattern of expected(code)) t.match(output, pattern)
    }))
  }
})

t.test('it names every code of the server', t => {
  const server = path.join(ROOT, 'server')
  const sources = fs.readdirSync(server, { recursive: true }).filter(file => file.endsWith('.js') && !file.includes('node_modules'))
  const codes = sources.flatMap(file => fs.readFileSync(path.join(server, file), 'utf8').match(/(?<=HttpError\(\d+, ')\w+(?=')/g) ?? [])
  t.ok(codes.length > 20)
  for (const code of new Set(codes)) t.ok(readme.includes(`\`${code}\``), code)
  t.end()
})

t.test('Python', pythonOnly, async t => {
  const env = plainEnv({ PYTHONPATH: 'test/conformance/python', PYTHONUNBUFFERED: '1' })
  for (const code of blocks('python')) {
    const name = uniqueName()
    t.teardown(() => destroyIfThere(name))
    const example = start(t, PYTHON, ['-c', code.replaceAll('"prices"', `"${name}"`)], env)
    t.match(await example.line(), /"EURUSD":1\.0842/)
    const segment = await shm.open(name)
    await segment.write('and it goes on')
    await segment.close()
    t.match(await example.ended, { code: 0 })
  }
})

/** [command, what it prints] of a block, in which `# ` begins what is printed. */
function dialogue (block) {
  return block.split(/\n(?!#)/).filter(Boolean).map(part => {
    const [command, ...output] = part.trimEnd().split('\n')
    return [command, output.map(line => line.replace(/^# /, '')).join('\n')]
  })
}

/** A sanitizer that is loaded before Node.js is not for curl, which with it waits for a lock of its own for ever. */
const envFor = (command, env) => command.startsWith('curl ') ? { ...env, LD_PRELOAD: undefined } : env

t.test('the shell', async t => {
  const [startCommand, talk] = blocks(readme, 'sh')
  t.equal(startCommand.trim(), 'npm ci && npm start', 'npm ci was here before these tests')
  await inPrivate(t, talk, async (talk, env) => {
    const server = start(t, 'npm', ['start', '--silent'], { ...env, PORT: '0', npm_config_prefix: undefined })
    const announced = await server.line()
    const origin = announced.replace('shmnode listens on http://', '')
    t.match(origin, /^127\.0\.0\.1:\d+$/, announced)
    for (const [command, output] of dialogue(talk.replaceAll('127.0.0.1:8080', origin))) {
      const printed = execFileSync('sh', ['-c', command], { cwd: ROOT, env: envFor(command, env), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      t.equal(printed.trim(), output, command)
    }
    t.equal(dialogue(talk).length, 3)
    server.process.kill('SIGTERM')
    await server.ended
  })
})

t.test('every code of an error is in the table of the README and in the types', async t => {
  const types = fs.readFileSync(path.join(ROOT, 'index.d.ts'), 'utf8')
  const codes = text => [...new Set(text.match(/'ERR_SHM_[A-Z_]+'/g).map(code => code.slice(1, -1)))].sort()
  const table = [...readme.matchAll(/^\| `(ERR_SHM_[A-Z_]+)` \|/gm)].map(match => match[1]).sort()
  t.same(table, codes(types))
})
