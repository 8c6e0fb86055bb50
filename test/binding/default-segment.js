'use strict'

// The segment of those who name none. In processes of their own: it is one per process.

const fs = require('node:fs')
const t = require('tap')
const shm = require('../..')
const { uniqueKey, uniqueName } = require('../helpers/keys')
const { classic } = require('../helpers/peer')
const { rootOnly, run } = require('../helpers/run')
const { remove, withSegment } = require('../helpers/segment')

const allCalls = async shm => {
  const target = Buffer.alloc(5)
  return {
    empty: String(await shm.read()),
    written: await shm.write('hello', { mediaType: 'text/plain' }),
    read: String(await shm.read()),
    part: String(await shm.read({ offset: 1, length: 3 })),
    into: await shm.readInto(target),
    target: String(target),
    updated: await shm.update(({ data }) => `${data}!`, { mediaType: 'text/html' }),
    snapshot: await shm.snapshot().then(({ data, version, mediaType }) => [String(data), version, mediaType]),
    conflict: await shm.write('x', { ifVersion: 0 }).catch(({ code }) => code),
    argument: await shm.write(5).catch(({ code }) => code)
  }
}
const answers = {
  empty: '',
  written: 1,
  read: 'hello',
  part: 'ell',
  into: { length: 5, version: 1 },
  target: 'hello',
  updated: 2,
  snapshot: ['hello!', 2, 'text/html'],
  conflict: 'ERR_SHM_VERSION_CONFLICT',
  argument: 'ERR_INVALID_ARG_TYPE'
}

function uniqueEnv (t, env) {
  const key = uniqueKey()
  t.teardown(() => remove(key))
  return { key, env: { SHM_KEY: String(key), SHM_CAPACITY: undefined, SHM_LAYOUT: undefined, ...env } }
}

t.test('by SHM_KEY', async t => {
  const { key, env } = uniqueEnv(t)
  t.strictSame(await run(allCalls, [], { env }), answers)
  const segment = await withSegment(t, { reference: key })
  t.match(segment, { key, capacity: 2048, version: 2 })
})

t.test('the classic key and capacity, unless told', rootOnly, async t => {
  const env = { SHM_KEY: undefined, SHM_CAPACITY: undefined, SHM_LAYOUT: undefined }
  const [info] = await run(async shm => { await shm.write('x'); return await shm.list() }, [], { env, shell: 'true' })
  t.match(info, { key: 32140895, name: null, capacity: 2048, mode: 0o600 })
})

t.test('SHM_KEY as a name, in hexadecimal, negative', async t => {
  const name = uniqueName()
  const key = uniqueKey()
  const negative = uniqueKey() - 2 ** 31
  for (const [text, reference] of [[name, name], [`0x${key.toString(16)}`, key], [String(negative), negative]]) {
    t.teardown(() => remove(reference))
    await run(shm => shm.write('there'), [], { env: { SHM_KEY: text } })
    t.equal(String(await (await withSegment(t, { reference, create: false })).read()), 'there', text)
  }
})

t.test('SHM_CAPACITY', async t => {
  const { key, env } = uniqueEnv(t, { SHM_CAPACITY: '70000' })
  await run(shm => shm.write(Buffer.alloc(70000, 'x')), [], { env })
  t.equal((await withSegment(t, { reference: key })).capacity, 70000)
  await t.rejects(run(shm => shm.read(), [], { env: { ...env, SHM_CAPACITY: '70001' } }), { code: 'ERR_SHM_CAPACITY' })
})

t.test('an environment that means nothing', async t => {
  const { env } = uniqueEnv(t)
  const refuses = (name, value, code) =>
    t.rejects(run(shm => shm.read(), [], { env: { ...env, [name]: value } }), { code, message: new RegExp(name) }, `${name}=${value}`)
  for (const capacity of ['0', '-1', 'much', '1.5', '9007199254740992']) await refuses('SHM_CAPACITY', capacity, 'ERR_OUT_OF_RANGE')
  for (const key of ['0', 'a/b', ' ']) await refuses('SHM_KEY', key, 'ERR_INVALID_ARG_VALUE')
  for (const key of ['4294967296', '0x', '0x1g']) await refuses('SHM_KEY', key, 'ERR_OUT_OF_RANGE')
  await refuses('SHM_LAYOUT', 'sheep', 'ERR_INVALID_ARG_VALUE')
  await t.rejects(run(shm => shm.read(), [], { env: { ...env, SHM_LAYOUT: 'raw', SHM_SEMAPHORE: 'no-slash' } }), { code: 'ERR_INVALID_ARG_VALUE', message: /SHM_SEMAPHORE/ })
})

t.test('SHM_LAYOUT=raw is the classic text', async t => {
  const { env, key } = uniqueEnv(t, { SHM_LAYOUT: 'raw' })
  t.teardown(() => remove(key, 'raw'))
  const result = await run(async shm => {
    const refused = call => call.catch(({ code }) => code)
    return {
      empty: String(await shm.read()),
      written: await shm.write('a longer text') ?? 'nothing',
      again: await shm.write('short') ?? 'nothing',
      read: String(await shm.read()),
      part: String(await shm.read({ offset: 1, length: 3 })),
      into: await shm.readInto(Buffer.alloc(9)),
      snapshot: await shm.snapshot().then(({ data, ...facts }) => ({ data: String(data), ...facts })),
      unsupported: await Promise.all([shm.update(() => 'x'), shm.watch().next(), shm.write('x', { ifVersion: 0 }), shm.write('x', { mediaType: 'a/b' }), shm.snapshot({ newerThan: 0 })].map(refused))
    }
  }, [], { env })
  t.strictSame(result, {
    empty: '',
    written: 'nothing',
    again: 'nothing',
    read: 'short',
    part: 'hor',
    into: { length: 5 },
    snapshot: { data: 'short', version: null, committedAt: null, writerPid: null, mediaType: null },
    unsupported: Array(5).fill('ERR_SHM_UNSUPPORTED')
  })
  t.equal(await classic(key, 'read'), 'short\n')
  t.teardown(() => fs.rmSync(`/dev/shm/sem.shmnode-t-${key}`))
  await classic(key, 'write', 'from C')
  t.equal(await run(shm => shm.read().then(String), [], { env }), 'from C')
  const again = await run(async (shm, key) => {
    await shm.write('old')
    await shm.destroy(key, { layout: 'raw' })
    return String(await shm.read())
  }, [key], { env })
  t.equal(again, '', 'opened anew after it was destroyed')
})

t.test('opened anew after it was destroyed', async t => {
  const { key, env } = uniqueEnv(t)
  const result = await run(async (shm, key) => {
    await shm.write('old')
    await shm.destroy(key)
    const versions = await Promise.all([shm.write('new'), shm.write('newer'), shm.update(({ data }) => `${data}!`)])
    await shm.destroy(key)
    return { versions, read: String(await shm.read()) }
  }, [key], { env })
  t.strictSame(result, { versions: [1, 2, 3], read: '' })
})

t.test('many first calls open it once', async t => {
  const { env, key } = uniqueEnv(t)
  const attached = await run(async (shm, key) => {
    await Promise.all(Array.from({ length: 20 }, () => shm.read()))
    return (await shm.list()).find(info => info.key === key).attached
  }, [key], { env })
  t.ok(attached === 1 || attached === 2, 'the listing may count its own look')
})

t.test('a failed first call does not spoil the next', async t => {
  const { env, key } = uniqueEnv(t)
  const result = await run(async (shm, key) => {
    process.env.SHM_CAPACITY = 'much'
    const refused = await shm.read().catch(({ code }) => code)
    delete process.env.SHM_CAPACITY
    return { refused, written: await shm.write('x') }
  }, [key], { env })
  t.strictSame(result, { refused: 'ERR_OUT_OF_RANGE', written: 1 })
})

t.test('the module', t => {
  t.strictSame(Object.keys(shm).sort(), ['PRIVATE', 'RawSegment', 'Segment', 'ShmError', 'destroy', 'list', 'open', 'read', 'readInto', 'snapshot', 'update', 'watch', 'write'])
  t.type(shm.PRIVATE, 'symbol')
  t.end()
})
