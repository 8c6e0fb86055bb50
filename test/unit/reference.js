'use strict'

const t = require('tap')
const { PRIVATE, parseReference } = require('../../js/reference')

t.test('names', t => {
  t.strictSame(parseReference('foobar'), { target: { name: 'foobar' }, label: "segment 'foobar'", name: 'foobar', key: 0xBF9CF968 | 0 })
  for (const name of ['a', '.', '..', '-', '_', '0', '__proto__', 'toString', 'x'.repeat(63)]) t.equal(parseReference(name).target.name, name)
  const allowed = Array.from({ length: 65536 }, (_, code) => String.fromCharCode(code)).filter(name => {
    try {
      return parseReference(name)
    } catch (error) {
      if (error.code !== 'ERR_INVALID_ARG_VALUE') throw error
      return false
    }
  })
  t.equal(allowed.join(''), '-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz')
  t.end()
})

t.test('keys are signed', t => {
  for (const [key, signed] of [[1, 1], [-1, -1], [0x7fffffff, 0x7fffffff], [0x80000000, -(2 ** 31)], [-(2 ** 31), -(2 ** 31)], [0xffffffff, -1], [0xdeadbeef, 0xdeadbeef - 2 ** 32]]) {
    t.equal(parseReference(key).target.key, signed)
  }
  t.end()
})

t.test('others', t => {
  t.strictSame(parseReference(PRIVATE), { target: {}, label: 'private segment' })
  t.strictSame(parseReference({ id: 0 }).target, { id: 0 })
  t.strictSame(parseReference({ ftok: ['/tmp', 255] }).target, { path: '/tmp', projectId: 255 })
  t.end()
})

t.test('a hostile message stays short', t => {
  for (const reference of ['x'.repeat(1e6), '\0'.repeat(1e5), { id: 'x'.repeat(1e6) }, { ftok: Array(1e5).fill('x') }]) {
    try {
      parseReference(reference)
      t.fail('accepted')
    } catch (error) {
      t.ok(error.message.length < 1000, `${error.message.length} characters`)
    }
  }
  t.end()
})
