'use strict'

// Every public name of the C++ library has a comment, as Clang sees it: before it, or behind it on its line.

const { execFile } = require('node:child_process')
const path = require('node:path')
const { promisify } = require('node:util')
const t = require('tap')
const { plainEnv } = require('../helpers/child')

const INCLUDE = path.join(__dirname, '../../native/include')
const execute = promisify(execFile)

t.setTimeout(600_000) // on a machine under load

const isComment = ({ kind }) => kind === 'FullComment'
const hasComment = node => (node.inner ?? []).some(isComment)
const isTemplate = ({ kind }) => kind === 'ClassTemplateDecl' || kind === 'FunctionTemplateDecl'
const NAMED = new Set(['CXXRecordDecl', 'EnumDecl', 'EnumConstantDecl', 'FunctionDecl', 'CXXMethodDecl', 'VarDecl', 'FieldDecl', 'TypeAliasDecl'])

/** What a class or enumeration has for everybody. */
function publicMembers ({ kind, tagUsed, inner = [] }) {
  let access = kind === 'CXXRecordDecl' && tagUsed === 'class' ? 'private' : 'public'
  return inner.filter(member => {
    if (member.kind === 'AccessSpecDecl') access = member.access
    return access === 'public'
  })
}

/** Names as people write them, each with whether it has a comment. Operators speak for themselves, as does what a definition repeats. */
function * names (node, scope, commented = hasComment(node)) {
  const { kind, name = '', inner = [] } = node
  if (kind === 'NamespaceDecl') {
    if (name !== 'detail') for (const member of inner) yield * names(member, [...scope, name])
  } else if (isTemplate(node)) {
    yield * names(inner.find(({ kind }) => NAMED.has(kind)), scope, commented)
  } else if (NAMED.has(kind) && !node.isImplicit && !node.previousDecl && !name.startsWith('operator')) {
    if (kind === 'CXXRecordDecl' && !node.completeDefinition) return
    yield { name: [...scope, name].join('::'), commented }
    if (kind === 'CXXRecordDecl' || kind === 'EnumDecl') for (const member of publicMembers(node)) yield * names(member, [...scope, name])
  }
}

/** The declarations of our namespace, one for each time that it is opened. */
async function declarations () {
  const args = ['-std=c++20', '-fsyntax-only', '-fparse-all-comments', '-I', INCLUDE, '-Xclang', '-ast-dump=json', '-Xclang', '-ast-dump-filter=shmnode',
    '-x', 'c++', '-include', 'shmnode/shmnode.hpp', '/dev/null']
  const { stdout } = await execute('clang++', args, { env: plainEnv(), maxBuffer: 2 ** 30 })
  return stdout.split(/(?<=^})\n(?={)/m).map(text => JSON.parse(text)).filter(({ kind }) => kind === 'NamespaceDecl')
}

t.test('public names', async t => {
  const found = await declarations().catch(error => error)
  if (found.code === 'ENOENT') return t.skip('there is no clang++')
  const all = found.flatMap(declaration => [...names(declaration, [])])
  t.ok(all.length > 250, `${all.length} names`)
  t.ok(all.some(({ name }) => name === 'shmnode::Cell::Write'), 'methods too')
  t.ok(all.some(({ name }) => name === 'shmnode::Target::Kind::kPrivate'), 'and what is in what is in a class')
  t.strictSame(all.filter(({ commented }) => !commented).map(({ name }) => name), [])
})
