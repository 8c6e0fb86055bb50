'use strict'

const t = require('tap')
const { isUtf8 } = require('node:buffer')
const http = require('node:http')
const { once } = require('node:events')
const { readFileSync } = require('node:fs')
const Fastify = require('fastify')
const checkJson = require('../../server/lib/check-json')
const JsonCheck = require('../../server/lib/json-check')
const { listen, isProblem, request } = require('../helpers/server')

const MEBIBYTE = 1024 * 1024
const JSON_TYPE = { 'content-type': 'application/json' }

const VALID = [
  '0', '-0', '10', '-1.5', '0.0', '1e5', '1E+05', '1.25e-300', '123456789012345678901234567890', 'true', 'false', 'null', '""', '"a"',
  '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\uD83D\\ude00\\ud83d"', '"é€😀\u007f\u2028"', '[]', '{}', '[[]]', '[{}]', '{"":{}}', '[ ]', '{ }', ' \t\n\r[ 1 , 2 ] ',
  '{"a":1,"a":2}', '{"a" : [ true , false , null ] , "b" : { "c" : "d" } }\n', '[1,[2,[3,{"a":[{"b":[]}]}]]]', '[0,-1,2.5,3e3]', '{"a":0}', '[-0]',
  '{"constructor":1}', '{"prototype":1}', '{"constructor":{"a":{"prototype":1}}}', '{"constructor":[{"prototype":1}]}', '[{"constructor":1},{"prototype":2}]',
  '{"a":{"constructor":{}},"prototype":{}}', '{"constructor":{},"b":{"prototype":1}}', '["__proto__","constructor","prototype"]', '{"__proto":1,"proto__":2,"__proto___":3}'
]
const INVALID = [
  '', ' ', '[', ']', '{', '}', '[}', '{]', '[[]', '[]]', '{}{}', '[],', ',', ':', '[,]', '[1,]', '[,1]', '[1 2]', '{,}', '{"a"}', '{"a":}', '{"a":1,}', '{"a":1:2}',
  '{"a" 1}', '{1:2}', '{a:1}', '["a":1]', '"', '"a', 'a"', '"\\', '"\\x"', '"\\u"', '"\\u12g4"', '"\\u123"', '"\n"', '"\u0000"', '"\u001f"', "'a'", '-', '+1', '01', '-01', '00',
  '1.', '.5', '1.e5', '1e', '1e+', '1e5.5', '0x10', '1_000', '--1', '1-1', '[1.]', '[-]', '[1e]', 'NaN', 'Infinity', 'tru', 'truee', 'True', 'nul', 'falsey', 'undefined', '[tru]', '[nulll]',
  '\ufeff{}', '\u00a0[]', '[]\u0000', '\f[]', '\v1', '// a\n1', '/**/1', '1 // a', '1 1', '1,2', '"a" "b"', '"a":1', 'true false',
  '{"__proto__":{}}', '{"__proto__":1}', '[{"a":{"\\u005f_proto__":1}}]', '{"\\u005F\\u005f\\u0070\\u0072\\u006f\\u0074\\u006F\\u005f\\u005f" : 1}',
  '{"constructor":{"prototype":1}}', '{"constructor": {"a": {}, "prototype" : {}}}', '{"constructor":{"a":[{"b":1}],"\\u0070rototype":1}}', '[{"\\u0063onstructor":{"prototype":1}}]'
]

const parse = Fastify().getDefaultJsonParser('error', 'error')

/** As small bodies are checked. */
function parses (bytes) {
  if (!isUtf8(bytes) || bytes[0] === 0xef) return false
  let isValid
  parse(null, bytes.toString(), error => { isValid = !error })
  return isValid
}

/** Checked a few bytes at a time, and all at once. */
function isValid (bytes, step) {
  const check = new JsonCheck(bytes)
  for (let end = step; end < bytes.length; end += step) check.advance(end)
  return check.advance(bytes.length) && check.isWhole
}

/** Numbers that look random, and are the same in every run. */
function randomly (seed) {
  let state = seed
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor(state / 2 ** 32 * below)
  }
}

/** One to three bytes, or bits of the syntax, put in, taken out or put in the place of others. */
function mutate (bytes, random) {
  const parts = ['{', '}', '[', ']', ',', ':', '"', '\\', '0', '1', '-', '.', 'e', ' ', '\n', 'true', 'null', '\\u00', '\u00e9', '"a":', '{}', '\u0001']
  let mutant = bytes
  for (let i = random(3); i >= 0; i--) {
    const at = random(mutant.length + 1)
    const part = random(8) === 0 ? Buffer.from([random(256)]) : Buffer.from(parts[random(parts.length)])
    mutant = Buffer.concat([mutant.subarray(0, at), random(3) === 0 ? Buffer.alloc(0) : part, mutant.subarray(at + random(3))])
  }
  return mutant
}

/** Until the next request has come with all of its body. */
async function bodyCome (fastify) {
  const [incoming] = await once(fastify.server, 'request')
  await once(incoming, 'end')
}

t.test('texts', async t => {
  const wrong = []
  for (const text of [...VALID, ...INVALID]) {
    const bytes = Buffer.from(text)
    const found = [await checkJson(bytes, () => true), parses(bytes), ...[1, 2, 3, 7].map(step => isValid(bytes, step))]
    if (found.some(valid => valid !== VALID.includes(text))) wrong.push([text, found])
  }
  t.same(wrong, [])
})

t.test('every byte, at every place of some', async t => {
  const samples = ['[{"a":-1.5e+3},"\\u00e9\\n",true,null]', '{"constructor":{"b":false}}', ' 0 '].map(text => Buffer.from(text))
  const different = []
  for (const sample of samples) {
    for (let at = 0; at < sample.length; at++) {
      for (let byte = 0; byte < 0x80; byte++) {
        const bytes = Buffer.from(sample)
        bytes[at] = byte
        if (isValid(bytes, 5) !== parses(bytes)) different.push(String(bytes))
      }
    }
  }
  t.same(different, [])
})

t.test('mutants of texts are judged as the parser does', async t => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 32)
  t.comment(`SEED=${seed}`)
  const random = randomly(seed)
  const seeds = [...VALID, ...INVALID, readFileSync(require.resolve('../../package.json'), 'utf8')].map(text => Buffer.from(text))
  let valid = 0
  for (let i = 0; i < 30_000; i++) {
    const bytes = mutate(seeds[random(seeds.length)], random)
    const expected = parses(bytes)
    const found = await checkJson(bytes, () => true)
    if (expected) valid++
    // Of two keys of one name the parser sees the second one, others may see the first.
    if (found !== expected && !(expected && /proto/.test(bytes))) t.fail(JSON.stringify(String(bytes)))
  }
  t.ok(valid > 1000, `${valid} of them were valid`)
})

t.test('characters across slices', async t => {
  const slice = 256 * 1024
  for (const character of ['é', '€', '😀']) {
    for (let before = slice - 6; before < slice + 2; before++) {
      const bytes = Buffer.from(`"${'x'.repeat(before)}${character}${'y'.repeat(slice)}"`)
      if (!await checkJson(bytes, () => true)) t.fail(`${character} after ${before}`)
      bytes[before + 1] = 0xff
      if (await checkJson(bytes, () => true)) t.fail(`a broken ${character} after ${before}`)
    }
  }
  t.notOk(await checkJson(Buffer.concat([Buffer.from('"'), Buffer.alloc(slice * 2, 0x80), Buffer.from('"')]), () => true))
})

t.test('deep', async t => {
  for (const depth of [63, 64, 65, 1000, 1_000_000]) {
    t.ok(await checkJson(Buffer.from('['.repeat(depth) + ']'.repeat(depth)), () => true), `${depth}`)
    t.notOk(await checkJson(Buffer.from('['.repeat(depth) + ']'.repeat(depth - 1)), () => true))
    t.notOk(await checkJson(Buffer.from('{"a":'.repeat(depth) + ']'.repeat(depth)), () => true))
  }
})

t.test('a body that nobody waits for any more is not looked at to its end', async t => {
  let slices = 0
  t.equal(await checkJson(Buffer.alloc(64 * MEBIBYTE, ' '), () => ++slices < 3), false)
  t.equal(slices, 3)
})

t.test('others are served while a large body is checked, and its values are not made', async t => {
  const { fastify, port } = await listen(t, { segment: { capacity: 64 * MEBIBYTE } })
  const body = Buffer.from(`[${'{},'.repeat(64 * MEBIBYTE / 3 - 1)}{}]`)
  const isOver = new AbortController()
  const before = process.memoryUsage().heapUsed
  const come = bodyCome(fastify)
  const written = request(port, { method: 'POST', path: '/write', body, headers: JSON_TYPE }).finally(() => isOver.abort())
  await come
  let answered = 0
  let most = 0
  while (!isOver.signal.aborted) {
    t.equal((await request(port, { path: '/segments/none' })).statusCode, 404)
    answered++
    most = Math.max(most, process.memoryUsage().heapUsed - before)
  }
  t.match(await written, { statusCode: 200, headers: { 'shm-version': '1' } })
  t.ok(answered >= 10, `${answered} answers meanwhile`)
  // The answer, a string twice as long as the body at most, is kept in this process too.
  t.ok(most < 4 * body.length, `${Math.round(most / MEBIBYTE)} MiB of heap`)
})

t.test('large bodies that are none', async t => {
  const { port, fastify } = await listen(t, { segment: { capacity: MEBIBYTE } })
  const post = (body, headers) => request(port, { method: 'POST', path: '/write', body, headers: { ...JSON_TYPE, ...headers } })
  const pad = ' '.repeat(500_000)
  for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
    for (const body of [`[1,${pad}]`, `${pad}{"__proto__":1}`, `[${pad}`, `"${pad}\u0001"`]) isProblem(t, await post(body, headers), 400, 'ERR_JSON_INVALID')
    isProblem(t, await post(Buffer.concat([Buffer.from(`"${pad}`), Buffer.from([0xff, 0x22])]), headers), 400, 'ERR_JSON_INVALID')
    t.equal((await post(`[1,${pad}2]`, headers)).statusCode, 200)
  }
  while (fastify.shm.limits.bodyBytes.used > 0) await new Promise(resolve => setTimeout(resolve, 5))
})

t.test('a client that leaves while his body is checked leaves nothing behind', async t => {
  const { port, fastify } = await listen(t, { segment: { capacity: 16 * MEBIBYTE } })
  const body = Buffer.from(`[${'{},'.repeat(5 * MEBIBYTE)}{}]`)
  const outgoing = http.request({ host: '127.0.0.1', port, method: 'POST', path: '/write', headers: { ...JSON_TYPE, 'content-length': body.length } })
  outgoing.on('error', () => {})
  outgoing.end(body)
  await bodyCome(fastify)
  outgoing.destroy()
  while (fastify.shm.limits.bodyBytes.used > 0) await new Promise(resolve => setTimeout(resolve, 5))
  t.equal((await request(port)).statusCode, 204, 'nothing was written')
})
