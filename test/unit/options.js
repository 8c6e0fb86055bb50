'use strict'

const t = require('tap')
const options = require('../../js/options')

t.test('defaults', t => {
  t.strictSame(options.openOptions({}), {
    layout: 'cell', capacity: 0, slots: 0, mode: 0o600, widestMode: -1, create: true, exclusive: false, readOnly: false, checksum: false, ownerAny: false, ownerUid: -1
  })
  t.equal(options.timeout({}), 5000)
  t.equal(options.maxPending({}), 10_000)
  t.equal(options.range({}), undefined)
  t.equal(options.mediaType(undefined), undefined)
  t.equal(options.ifVersion(undefined), -1)
  t.end()
})

t.test('of raw segments', t => {
  t.strictSame(options.openOptions({ layout: 'raw' }), {
    layout: 'raw', capacity: 0, mode: 0o600, widestMode: -1, create: true, exclusive: false, readOnly: false, nulTerminated: false, semaphore: '', unsupported: undefined, ownerAny: false, ownerUid: -1
  })
  t.match(options.openOptions({ layout: 'raw', slots: 3 }), { unsupported: /slots/ })
  t.match(options.openOptions({ layout: 'raw', checksum: true }), { unsupported: /checksum/ })
  t.match(options.openOptions({ layout: 'raw', checksum: false }), { unsupported: undefined })
  for (const layout of ['', 'RAW', 'cells']) t.throws(() => options.openOptions({ layout }), { code: 'ERR_INVALID_ARG_VALUE' }, layout)
  for (const given of [{ nulTerminated: true }, { nulTerminated: false }, { semaphore: '/a' }, { layout: 'cell', semaphore: '/a' }]) {
    t.throws(() => options.openOptions(given), { code: 'ERR_INVALID_ARG_VALUE', message: /means nothing unless options.layout is 'raw'/ }, JSON.stringify(given))
  }
  t.end()
})

t.test('names of semaphores', t => {
  for (const name of ['/a', '/a b', '/ä', `/${'x'.repeat(250)}`, '/..', `/${'ä'.repeat(125)}`]) t.equal(options.semaphore(name), name)
  for (const name of ['', '/', 'a', '/a/b', '//', '/a\0b', `/${'x'.repeat(251)}`, `/${'ä'.repeat(126)}`]) {
    t.throws(() => options.semaphore(name), { code: 'ERR_INVALID_ARG_VALUE' }, JSON.stringify(name))
  }
  for (const name of [null, 5, {}, true]) t.throws(() => options.semaphore(name), { code: 'ERR_INVALID_ARG_TYPE' })
  t.end()
})

t.test('no options at all', t => {
  const none = options.object(undefined)
  t.equal(options.timeout(none), 5000)
  t.equal(Object.getPrototypeOf(none), null, 'what others put on Object.prototype is no option')
  t.throws(() => { 'use strict'; none.timeout = 1 }, TypeError)
  for (const given of [null, 5, 'x', true, () => {}]) t.throws(() => options.object(given), { code: 'ERR_INVALID_ARG_TYPE' })
  t.end()
})

t.test('the mode, if given, bounds what is accepted', t => {
  t.match(options.openOptions({ mode: 0o640 }), { mode: 0o640, widestMode: 0o640 })
  t.match(options.openOptions({ mode: 0 }), { mode: 0, widestMode: 0 })
  t.end()
})

t.test('owners', t => {
  t.strictSame(options.owner('any'), { ownerAny: true, ownerUid: -1 })
  t.strictSame(options.owner(0), { ownerAny: false, ownerUid: 0 })
  t.strictSame(options.owner(2 ** 32 - 2), { ownerAny: false, ownerUid: 2 ** 32 - 2 })
  t.throws(() => options.owner(2 ** 32 - 1), { code: 'ERR_OUT_OF_RANGE' }, 'which means: no user')
  t.end()
})

t.test('ranges', t => {
  t.strictSame(options.range({ offset: 5 }), { offset: 5, length: Infinity })
  t.strictSame(options.range({ length: 5 }), { offset: 0, length: 5 })
  t.strictSame(options.range({ offset: 0, length: 0 }), { offset: 0, length: 0 })
  t.end()
})

t.test('each option is looked at once', t => {
  const looks = {}
  const given = layout => new Proxy({ layout }, { get: (target, name) => { looks[name] = (looks[name] ?? 0) + 1; return target[name] } })
  for (const layout of [undefined, 'raw']) {
    const options_ = given(layout)
    options.openOptions(options_)
    options.timeout(options_)
    options.maxPending(options_)
    t.strictSame(Object.values(looks).filter(count => count > 1), [])
    for (const name in looks) delete looks[name]
  }
  t.end()
})
