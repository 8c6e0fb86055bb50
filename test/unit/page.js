'use strict'

// What the live page computes, without a browser.

const t = require('tap')

const load = name => import(`../../server/public/${name}.mjs`)

t.test('JSON is laid out, and not changed', async t => {
  const { tokensOf, textOf } = await load('json')
  const pretty = text => textOf(tokensOf(text))
  t.equal(pretty('{"a":1.0,"b":[1,{"c":"x:[,\\"}"}],"a":12345678901234567890}'),
    '{\n  "a": 1.0,\n  "b": [\n    1,\n    {\n      "c": "x:[,\\"}"\n    }\n  ],\n  "a": 12345678901234567890\n}')
  t.equal(pretty(' [ ] '), '[]')
  t.equal(pretty('[{},[]]'), '[\n  {},\n  []\n]')
  t.equal(pretty('-1.5E+3'), '-1.5E+3')
  t.equal(pretty('"{"'), '"{"')
  for (const value of [null, true, { a: [{}, [], [[]]], '': { b: 'c\n' } }, [1, -2e-7, 'é€😀']]) t.equal(pretty(JSON.stringify(value)), JSON.stringify(value, null, 2))
  t.same(tokensOf('{"k":"v"}').filter(({ kind }) => kind !== 'mark'), [{ kind: 'key', text: '"k"' }, { kind: 'string', text: '"v"' }])
  for (const text of ['', '{', 'undefined', '01', "{'a':1}"]) t.equal(tokensOf(text), null, text)
})

t.test('bytes in hexadecimal', async t => {
  const { hexOf } = await load('hex')
  t.equal(hexOf(Buffer.from('0\u0000~é12'), 4), '000000  30 00 7e c3  0·~·\n000004  a9 31 32     ·12')
  t.equal(hexOf(Buffer.alloc(0), 16), '')
})

t.test('events, however they are cut', async t => {
  const { eventsOf } = await load('events')
  const text = 'retry: 1000\n\nid: 1\ndata: {"é":1}\n\n:\n\nevent: destroyed\ndata: {}\n\nid: 2\ndata: a\ndata: b\n\ndata: not all of i'
  const expected = [{ event: 'message', id: '1', data: '{"é":1}' }, { event: 'destroyed', id: '', data: '{}' }, { event: 'message', id: '2', data: 'a\nb' }]
  const bytes = Buffer.from(text)
  for (let size = 1; size <= bytes.length; size++) {
    const body = new ReadableStream({
      start (controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size))
        controller.close()
      }
    })
    const events = []
    for await (const event of eventsOf(body)) events.push(event)
    if (JSON.stringify(events) !== JSON.stringify(expected)) t.same(events, expected, `in pieces of ${size}`)
  }
  t.pass('in pieces of all sizes')
})

t.test('what a value can be shown as', async t => {
  const { Value } = await load('value')
  const of = (bytes, headers = {}) => new Value(Buffer.from(bytes), new Headers({ 'shm-version': '3', etag: '"a.3"', ...headers }))
  t.same(of('{}').kinds, ['json', 'text', 'hex'])
  t.same(of('text').kinds, ['text', 'hex'])
  t.same(of('a\u0000').kinds, ['hex', 'text'], 'text, but not the first choice')
  t.same(of([0xff]).kinds, ['hex'])
  t.same(of([0x89, 0xff], { 'content-type': 'IMAGE/PNG; x=y' }).kinds, ['image', 'hex'])
  t.same(of('<svg/>', { 'content-type': 'image/svg+xml' }).kinds, ['image', 'text', 'hex'])
  t.same(of('x', { 'content-type': 'image/whatever' }).kinds, ['text', 'hex'])
  const part = of([0x31, 0xc3], { 'content-range': 'bytes 0-1/3' })
  t.match(part, { isWhole: false, length: 3, version: 3 })
  t.equal(part.text, '1', 'a character that is cut in two is left out')
  t.same(part.kinds, ['text', 'hex'], 'a part is no JSON')
})

t.test('versions per second', async t => {
  const { Series } = await load('series')
  const series = new Series(100)
  const see = (incarnation, version) => series.addVersion({ etag: `"${incarnation}.${version}"`, version })
  series.tick(101)
  see('a', 5)
  series.tick(102)
  see('a', 6)
  see('a', 9)
  see('a', 8)
  for (const took of [3, 1, 2]) series.addRead(took)
  series.tick(103)
  series.tick(104)
  see('b', 2)
  series.tick(105)
  series.interrupt()
  series.tick(106)
  see('b', 50)
  series.tick(107)
  t.same(series.times, [100, 101, 102, 103, 104, 105, 106, 107])
  t.same(series.versions, [null, null, 0, 4, 0, 2, null, 0])
  t.same(series.latencies, [null, null, null, 2, null, null, null, null])
  for (let time = 108; time < 500; time++) series.tick(time)
  t.ok(series.times.length < 100 && series.versions.length === series.times.length && series.latencies.length === series.times.length, 'bounded')
})

t.test('rates of all segments', async t => {
  const { Rates } = await load('rates')
  const rates = new Rates()
  t.same([...rates.update([{ incarnation: 'a', version: 10 }], 1000)], [['a', null]])
  t.same([...rates.update([{ incarnation: 'a', version: 16 }, { incarnation: 'b', version: 1 }], 3000)], [['a', 3], ['b', null]])
})

t.test('units', async t => {
  const { formatBytes, formatAge, formatRate, formatLatency } = await load('units')
  t.same([0, 1, 1023, 1024, 1536, 1024 ** 2 * 12.34, 1024 ** 5].map(formatBytes), ['0 B', '1 B', '1,023 B', '1 KiB', '1.5 KiB', '12.3 MiB', '1,024 TiB'])
  t.same([null, 0, 999, 1000, 59_999, 60_000, 7_200_000, 864e5 * 3].map(formatAge), ['never', 'now', 'now', '1 s', '59 s', '1 min', '2 h', '3 d'])
  t.same([null, 0, 0.987, 12.34, 12_345.6].map(formatRate), ['–', '0/s', '0.99/s', '12.3/s', '12,346/s'])
  t.same([null, 1.234].map(formatLatency), ['–', '1.2 ms'])
})

t.test('where a segment is', async t => {
  const { resourceOf, isSelected } = await load('resource')
  t.match(resourceOf({ name: null, key: 7, default: true }), { read: 'read', title: 'key 7', hash: '#/' })
  t.match(resourceOf({ name: 'a.b', key: 7 }), { read: 'segments/a.b', watch: 'segments/a.b/watch', method: 'PUT' })
  for (const name of [null, '.', '..']) t.equal(resourceOf({ name, key: 7 }), null, `${name} has no address`)
  t.ok(isSelected(resourceOf({ name: null, key: 7, default: true }), ''))
  t.notOk(isSelected(null, ''))
})
