'use strict'

// index.d.ts is written by hand: here it is held against what the code exports.

const path = require('node:path')
const t = require('tap')
const ts = require('typescript')
const shm = require('../..')
const { uniqueKey } = require('../helpers/keys')

const source = ts.createSourceFile('index.d.ts', ts.sys.readFile(path.join(__dirname, '../../index.d.ts')), ts.ScriptTarget.Latest)

const isExported = node => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
const isPrivate = node => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)
const nameOf = ({ name }) => name.getText(source)

/** Names of what exists at run time: functions, classes and constants. */
function declaredValues () {
  return source.statements.filter(isExported).flatMap(node => {
    if (ts.isVariableStatement(node)) return node.declarationList.declarations.map(nameOf)
    return ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) ? [nameOf(node)] : []
  }).filter((name, i, names) => names.indexOf(name) === i)
}

function declaredMembers (className) {
  const declaration = source.statements.find(node => ts.isClassDeclaration(node) && nameOf(node) === className)
  const members = declaration.members.filter(node => !ts.isConstructorDeclaration(node) && !isPrivate(node))
  return {
    methods: members.filter(ts.isMethodDeclaration).map(nameOf).map(name => name.replace(/^\[(.*)\]$/, '$1')),
    properties: members.filter(ts.isPropertyDeclaration).map(nameOf)
  }
}

const fields = name => source.statements.find(node => ts.isInterfaceDeclaration(node) && nameOf(node) === name).members.map(nameOf).sort()

t.test('exports', async t => {
  t.same(Object.keys(shm).sort(), declaredValues().sort())
})

t.test('Segment', async t => {
  const segment = await shm.open(shm.PRIVATE)
  t.teardown(() => segment.destroy())
  const { methods, properties } = declaredMembers('Segment')
  const own = Reflect.ownKeys(shm.Segment.prototype).filter(name => name !== 'constructor' && name !== 'version')
  t.same(own.map(name => name === Symbol.asyncDispose ? 'Symbol.asyncDispose' : name).sort(), methods.sort())
  t.same([...Object.keys(segment), 'version'].sort(), properties.sort())
})

t.test('RawSegment', async t => {
  const segment = await shm.open(uniqueKey(), { layout: 'raw' })
  t.teardown(() => segment.destroy())
  const { methods, properties } = declaredMembers('RawSegment')
  const own = Reflect.ownKeys(shm.RawSegment.prototype).filter(name => name !== 'constructor' && name !== 'version')
  t.same(own.map(name => name === Symbol.asyncDispose ? 'Symbol.asyncDispose' : name).sort(), [...new Set(methods)].sort())
  t.same([...Object.keys(segment), 'version'].sort(), properties.sort())
  const missing = Reflect.ownKeys(shm.Segment.prototype).filter(name => !Object.hasOwn(shm.RawSegment.prototype, name))
  t.same(missing, [], 'it can do, or refuse, all that a Segment can')
  t.same(Object.keys(await segment.snapshot()).sort(), fields('RawSnapshot'))
  t.same(Object.keys(await segment.snapshot()).sort(), fields('Snapshot'))
  t.same(Object.keys(await segment.stat()).sort(), fields('RawSegmentInfo'))
})

t.test('what snapshots and listings have', async t => {
  const segment = await shm.open(shm.PRIVATE)
  t.teardown(() => segment.destroy())
  t.same(Object.keys(await segment.snapshot()).sort(), fields('Snapshot'))
  t.same(Object.keys(segment.snapshotSync()).sort(), fields('Snapshot'))
  t.same(Object.keys(await segment.stat()).sort(), fields('SegmentInfo'))
})
