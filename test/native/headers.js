'use strict'

// Every header of the C++ library by itself, with the strict warnings of whoever includes it as an error, under each compiler that
// is there; and the whole of it twice in one program.

const { execFile, execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')
const t = require('tap')
const { plainEnv } = require('../helpers/child')

const INCLUDE = path.join(__dirname, '../../native/include')
const headers = fs.readdirSync(INCLUDE, { recursive: true }).filter(file => file.endsWith('.hpp')).sort()
const WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Wconversion', '-Wsign-conversion', '-Wold-style-cast', '-Wnon-virtual-dtor', '-Werror']
const AT_ONCE = 2

t.setTimeout(600_000) // on a machine under load

const execute = promisify(execFile)

function isThere (compiler) {
  try {
    return execFileSync(compiler, ['--version']).length > 0
  } catch {
    return false
  }
}

/** What the compiler has to say against it. */
async function complaint (compiler, args) {
  try {
    await execute(compiler, ['-std=c++20', ...WARNINGS, '-I', INCLUDE, ...args], { env: plainEnv() })
    return ''
  } catch (error) {
    return error.stderr || String(error)
  }
}

/** A header alone is a program of one line; as the file that is compiled, its #pragma once would be a warning. */
async function checkAll (t, compiler, waiting) {
  while (waiting.length > 0) {
    const header = waiting.shift()
    t.equal(await complaint(compiler, ['-fsyntax-only', '-x', 'c++', '-include', header, '/dev/null']), '', header)
  }
}

for (const compiler of ['g++', 'clang++']) {
  t.test(compiler, { skip: !isThere(compiler) && `there is no ${compiler}` }, async t => {
    const waiting = [...headers]
    await Promise.all(Array.from({ length: AT_ONCE }, () => checkAll(t, compiler, waiting)))

    const folder = t.testdir({
      'one.cc': '#include <shmnode/shmnode.hpp>\nbool Other();\nint main() { return Other() ? 0 : 1; }\n',
      'two.cc': '#include <shmnode/shmnode.hpp>\nbool Other() { return shmnode::IsValidName("two"); }\n'
    })
    const sources = ['one.cc', 'two.cc'].map(file => path.join(folder, file))
    t.equal(await complaint(compiler, [...sources, '-o', path.join(folder, 'program')]), '', 'in two parts of one program')
    t.equal(await complaint(compiler, [...sources, '-fno-exceptions', '-fno-rtti', '-fsyntax-only']), '', 'without exceptions')
    t.equal(await complaint(compiler, [...sources, '-std=c++2b', '-fsyntax-only']), '', 'in the C++ after C++20')
  })
}

t.test('the umbrella has all that is for applications', t => {
  const reached = new Set()
  const visit = header => {
    if (reached.has(header)) return
    reached.add(header)
    const text = fs.readFileSync(path.join(INCLUDE, header), 'utf8')
    for (const [, name] of text.matchAll(/^#include "([^"]+)"/gm)) visit(path.join(path.dirname(header), name))
  }
  visit('shmnode/shmnode.hpp')
  t.strictSame(headers.filter(header => !reached.has(header)), [])
  t.end()
})
