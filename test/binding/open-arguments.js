'use strict'

const t = require('tap')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { uniqueKey } = require('../helpers/keys')

const TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
const VALUE = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }
const RANGE = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }

const show = value => typeof value === 'string' ? JSON.stringify(value.slice(0, 20)) : String(require('node:util').inspect(value)).slice(0, 40)

/** Both calls that take a reference refuse it. */
async function refuses (t, reference, error) {
  await t.rejects(shm.open(reference), error, `open ${show(reference)}`)
  await t.rejects(shm.destroy(reference), error, `destroy ${show(reference)}`)
}

t.test('names', async t => {
  const names = ['', 'x'.repeat(64), 'x'.repeat(10240), 'a\0b', 'a\0', '\0', '../x', '/', 'a/b', 'a b', ' a', 'a\n', 'ü', 'a%00', 'a:b', '\ud800', 'a\udfff', '😀']
  for (const name of names) await refuses(t, name, VALUE)
})

t.test('keys', async t => {
  for (const key of [NaN, Infinity, -Infinity, 1.5, 2 ** 32, -(2 ** 31) - 1, 2 ** 53]) await refuses(t, key, RANGE)
  for (const key of [0, -0]) await refuses(t, key, VALUE)
})

t.test('other references', async t => {
  const bad = [undefined, null, true, 5n, Symbol('x'), () => {}, {}, [], new Date(), Buffer.from('a'), { name: 'a' }, { key: 1 }]
  for (const reference of bad) await refuses(t, reference, TYPE)
  for (const id of [undefined, null, '1', 1n]) await refuses(t, { id }, TYPE)
  for (const id of [-1, 1.5, NaN, 2 ** 31]) await refuses(t, { id }, RANGE)
  for (const ftok of [undefined, null, '/', ['/'], ['/', 1, 2], [1, 1], ['/', '1'], [Buffer.from('/'), 1], { 0: '/', 1: 1, length: 2 }]) await refuses(t, { ftok }, TYPE)
  for (const projectId of [0, 256, 1.5, NaN]) await refuses(t, { ftok: ['/', projectId] }, RANGE)
  for (const path of ['', '/\0', '\0']) await refuses(t, { ftok: [path, 1] }, VALUE)
})

const bad = [
  ['capacity', RANGE, [0, -1, NaN, 1.5, 2 ** 53, Infinity, -Infinity]],
  ['capacity', TYPE, ['5', 5n, null, {}, [5]]],
  ['slots', RANGE, [0, 1, 17, -1, 2.5, NaN, 2 ** 32]],
  ['slots', TYPE, ['3', null]],
  ['mode', RANGE, [-1, 0o1000, 0o1600, 1.5, NaN]],
  ['mode', TYPE, ['600', '0600', null]],
  ['create', TYPE, [0, 1, null, 'true']],
  ['exclusive', TYPE, [0, 1, null]],
  ['readOnly', TYPE, [0, 1, null]],
  ['checksum', TYPE, [0, 1, null]],
  ['capcity', VALUE, [1, null]],
  ['key', VALUE, [1]],
  ['layout', VALUE, ['', 'RAW', 'CELL', null, 1]],
  ['owner', RANGE, [-1, 1.5, NaN, 2 ** 32 - 1, 2 ** 32]],
  ['owner', TYPE, [null, 0n, {}]],
  ['owner', VALUE, ['', 'ANY', 'root']],
  ['maxPending', RANGE, [0, -1, 1.5, NaN, 2 ** 53]],
  ['maxPending', TYPE, ['1', null]],
  ['timeout', RANGE, [-1, NaN, -Infinity]],
  ['timeout', TYPE, ['5', null, 5n, {}]]
]

t.test('options of open', async t => {
  const key = uniqueKey()
  for (const [name, error, values] of bad) {
    for (const value of values) await t.rejects(shm.open(key, { [name]: value }), { ...error, message: new RegExp(name) }, `${name}: ${show(value)}`)
  }
  for (const options of [null, 5, 'x', true, () => {}]) await t.rejects(shm.open(key, options), TYPE, show(options))
  t.ok(kernel.isFree(key), 'none of them made anything')
})

t.test('options that contradict each other', async t => {
  const key = uniqueKey()
  const contradictions = [
    [key, { create: false, exclusive: true }, /options\.exclusive/],
    [key, { readOnly: true, exclusive: true }, /options\.exclusive/],
    [key, { readOnly: true, create: true }, /options\.create/],
    [shm.PRIVATE, { create: false }, /options\.create.*PRIVATE/],
    [shm.PRIVATE, { readOnly: true }, /options\.readOnly.*PRIVATE/],
    [{ id: 1 }, { exclusive: true }, /options\.exclusive.*id/]
  ]
  for (const [reference, options, message] of contradictions) {
    await t.rejects(shm.open(reference, options), { ...VALUE, message }, show(options))
  }
  t.ok(kernel.isFree(key), 'none of them made anything')
  const segment = await shm.open(key, { create: true, exclusive: true, readOnly: false })
  await segment.destroy()
})

t.test('options of destroy', async t => {
  const key = uniqueKey()
  for (const [name, error, values] of bad.filter(([name]) => ['owner', 'timeout'].includes(name))) {
    for (const value of values) await t.rejects(shm.destroy(key, { [name]: value }), error, `${name}: ${show(value)}`)
  }
  for (const options of [null, 5]) await t.rejects(shm.destroy(key, options), TYPE)
})

t.test('what is accepted', async t => {
  const options = { capacity: 1, slots: 2, mode: 0o777, timeout: Infinity, maxPending: Infinity, owner: 'any', layout: 'cell', create: true, unknown: undefined }
  const segment = await shm.open(uniqueKey(), options)
  t.equal(segment.capacity, 1)
  await segment.destroy({ timeout: 0 })
  const all = Object.fromEntries(Object.keys(options).map(name => [name, undefined]))
  const usual = await shm.open(uniqueKey(), all)
  t.equal(usual.capacity, 2048, 'undefined is as good as absent')
  await usual.destroy()
})
