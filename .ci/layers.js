'use strict'

// Proves that the layers only point down: server and bench over js, js over native/addon, native/addon over native/include.

const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')
const CORE = 'native/include/shmnode'

const files = (folder, ending) => fs.readdirSync(path.join(ROOT, folder), { recursive: true })
  .filter(file => ending.test(file) && !file.includes('node_modules'))
  .map(file => path.join(folder, file))

const matches = (file, pattern) => [...fs.readFileSync(path.join(ROOT, file), 'utf8').matchAll(pattern)].map(match => match[1])
const includes = file => matches(file, /^\s*#\s*include\s*[<"]([^>"]+)[>"]/gm)
const requires = file => matches(file, /\b(?:require|import)\s*\(\s*['"]([^'"]+)['"]\s*\)/g).concat(matches(file, /\bfrom\s+['"]([^'"]+)['"]/g))

/** Each: where, what a file there may name, and what it names. */
const rules = [
  { folder: CORE, ending: /\.hpp$/, names: includes, allowed: name => !/napi|node|uv|v8|^\.\.|addon/.test(name.replace(/^shmnode\//, '')) },
  { folder: 'native/addon', ending: /\.(hpp|cc)$/, names: includes, allowed: name => !/^(node|uv|v8|js_native_api|node_api)\b|^\.\./.test(name) },
  { folder: 'js', ending: /\.js$/, names: requires, allowed: name => !/server|bench|fastify/.test(name) && (!/^\.\./.test(name) || name === '..') },
  { folder: 'server', ending: /\.m?js$/, names: requires, allowed: name => !/native|\/js\/|bench|\.node$/.test(name) },
  { folder: 'bench', ending: /\.js$/, names: requires, allowed: name => !/native|\/js\/|server/.test(name) }
]

function broken ({ folder, ending, names, allowed }) {
  return files(folder, ending).flatMap(file => names(file).filter(name => !allowed(name)).map(name => `${file} names ${name}`))
}

const problems = rules.flatMap(broken)
for (const problem of problems) console.error(problem)
if (problems.length === 0) console.log('layers: every arrow points down')
process.exitCode = problems.length === 0 ? 0 : 1
