'use strict'

// What somebody removes or replaces behind our back, times what this process is at: each pair has one outcome, a value or a
// code. (The core's outcomes, which differ where it does not look whether the segment was removed, have theirs in
// native/test/split_brain_test.cc.)

const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { isPosix } = require('../helpers/memory')
const { hold, peer } = require('../helpers/peer')
const { make, makeSet, poke, removeSegment, removeSet } = require('../helpers/raw')
const { another, withSegment } = require('../helpers/segment')

const OK = 'ok'
const DESTROYED = 'ERR_SHM_DESTROYED'
const LAYOUT = 'ERR_SHM_LAYOUT'
const TIMEOUT = 'ERR_SHM_TIMEOUT'
/** Of a segment that was removed: with POSIX memory the synchronous calls ask the kernel, too. */
const UNSEEN = isPosix ? DESTROYED : OK

const segmentsOf = key => kernel.under(key).segments.forEach(({ shmid }) => removeSegment(shmid))
const setsOf = key => kernel.under(key).sets.forEach(({ semid }) => removeSet(semid))

/**
 * `strike` does it, `clear` takes away what stands in the way of the next open. Then what the calls of a handle that was open
 * come to: before anybody has opened the key again, and after; of calls that were waiting for the lock. `held`: open, while
 * somebody still holds the old lock. `value`: what the next open finds.
 */
const removals = {
  'segment removed': {
    strike: segmentsOf,
    read: DESTROYED,
    write: DESTROYED,
    readSync: UNSEEN,
    writeSync: UNSEEN,
    waiting: DESTROYED,
    held: TIMEOUT,
    open: OK,
    value: '',
    after: DESTROYED
  },
  'set removed': {
    strike: setsOf,
    read: OK,
    write: DESTROYED,
    readSync: OK,
    writeSync: DESTROYED,
    waiting: DESTROYED,
    held: OK,
    open: OK,
    value: 'old',
    after: OK
  },
  'both removed': {
    strike: key => { segmentsOf(key); setsOf(key) },
    read: DESTROYED,
    write: DESTROYED,
    readSync: UNSEEN,
    writeSync: DESTROYED,
    waiting: DESTROYED,
    held: OK,
    open: OK,
    value: '',
    after: DESTROYED
  },
  'set replaced by a blank one': {
    strike: async key => { setsOf(key); await makeSet(key, 4) },
    read: OK,
    write: DESTROYED,
    readSync: OK,
    writeSync: DESTROYED,
    waiting: DESTROYED,
    held: OK,
    open: OK,
    value: 'old',
    after: OK
  },
  'set replaced by a foreign one': {
    strike: async key => { setsOf(key); await makeSet(key, 2) },
    clear: setsOf,
    read: OK,
    write: DESTROYED,
    readSync: OK,
    writeSync: DESTROYED,
    waiting: DESTROYED,
    held: LAYOUT,
    open: LAYOUT,
    value: 'old',
    after: OK
  },
  'made anew by a peer': {
    strike: async key => { segmentsOf(key); setsOf(key); await peer('write', key, 'theirs') },
    read: DESTROYED,
    write: DESTROYED,
    readSync: DESTROYED,
    writeSync: DESTROYED,
    waiting: DESTROYED,
    held: OK,
    open: OK,
    value: 'theirs',
    after: DESTROYED
  },
  'replaced by a foreign one': {
    strike: async key => { segmentsOf(key); await poke(await make(key, 16384), 0, [1]) },
    clear: segmentsOf,
    read: DESTROYED,
    write: DESTROYED,
    readSync: UNSEEN,
    writeSync: UNSEEN,
    waiting: DESTROYED,
    held: LAYOUT,
    open: LAYOUT,
    value: '',
    after: DESTROYED
  }
}

/** What a call came to: OK, or its error's code. */
async function outcome (call) {
  try {
    await call()
    return OK
  } catch (error) {
    if (error.code === undefined) throw error
    return error.code
  }
}

/** In the end the key can be used, and the old handle accepts nothing that nobody would find. */
async function checkAnew (t, old, { open, value, after, clear }) {
  const { key } = old
  t.equal(await outcome(async () => (await shm.open(key)).close()), open, 'open')
  if (open !== OK) {
    await t.rejects(shm.open(key), { message: /ipcrm|left as it is/ }, 'which tells why')
    clear(key)
  }
  const anew = await another(t, key)
  if (value !== undefined) t.equal(String(await anew.read()), value, 'the value')
  t.type(await anew.write('new'), 'number', 'a write to the new one')
  for (const call of ['write', 'writeSync', 'update']) t.equal(await outcome(() => old[call](call === 'update' ? () => 'x' : 'x')), DESTROYED, `${call}, afterwards`)
  for (const call of ['read', 'snapshot', 'readSync', 'snapshotSync', 'stat']) t.equal(await outcome(() => old[call]()), after, `${call}, afterwards`)
  t.equal(String(await anew.read()), 'new', 'what is there in the end')
}

for (const [name, removal] of Object.entries(removals)) {
  const { strike, read, write, readSync, writeSync, waiting, held } = removal
  const begin = async t => {
    const segment = await withSegment(t)
    await segment.write('old')
    return segment
  }

  t.test(`${name}: an idle handle`, async t => {
    const segment = await begin(t)
    await strike(segment.key)
    for (const call of ['read', 'snapshot']) t.equal(await outcome(() => segment[call]()), read, call)
    t.equal(await outcome(() => segment.readInto(Buffer.alloc(9))), read, 'readInto')
    t.equal(await outcome(() => segment.readIntoSync(Buffer.alloc(9))), readSync, 'readIntoSync')
    for (const call of ['readSync', 'snapshotSync']) t.equal(await outcome(() => segment[call]()), readSync, call)
    t.equal(await outcome(() => segment.write('x')), write, 'write')
    t.equal(await outcome(() => segment.update(() => 'x')), write, 'update')
    await checkAnew(t, segment, removal)
  })

  t.test(`${name}: writeSync`, async t => {
    const segment = await begin(t)
    await strike(segment.key)
    t.equal(await outcome(() => segment.writeSync('x')), writeSync)
    await checkAnew(t, segment, removal)
  })

  t.test(`${name}: calls that wait for the lock, before the gate and behind it`, async t => {
    const segment = await begin(t)
    const other = await another(t, segment.key)
    const holder = await hold(t, segment.key)
    const calls = [segment.write('x', { timeout: Infinity }), other.write('y', { timeout: Infinity }), other.update(() => 'z', { timeout: Infinity })]
    const settled = Promise.all(calls.map(call => outcome(() => call)))
    await sleep(20)
    await strike(segment.key)
    t.equal(await outcome(async () => (await shm.open(segment.key, { timeout: 60 })).close()), held, 'open meanwhile')
    await holder.kill()
    t.strictSame(await settled, [waiting, waiting, waiting])
    await checkAnew(t, segment, removal)
  })

  t.test(`${name}: update and open under way`, async t => {
    const segment = await begin(t)
    const opened = Promise.all(Array.from({ length: 8 }, () => outcome(async () => (await shm.open(segment.key)).close())))
    const updated = await outcome(() => segment.update(async () => {
      await strike(segment.key)
      return 'updated'
    }))
    t.equal(updated, write, 'update')
    for (const code of await opened) t.ok([OK, removal.open].includes(code), `open: ${code}`)
    await checkAnew(t, segment, removal)
  })

  t.test(`${name}: reads under way`, async t => {
    const segment = await begin(t)
    const stage = { over: false }
    const reading = (async () => {
      const codes = new Set()
      while (!stage.over) codes.add(await outcome(async () => t.equal(String(await segment.read()), 'old')))
      codes.add(await outcome(() => segment.read()))
      return [...codes]
    })()
    await sleep(5)
    await strike(segment.key)
    stage.over = true
    const codes = await reading
    t.equal(codes.at(-1), read)
    for (const code of codes) t.ok([OK, read].includes(code), code)
    await checkAnew(t, segment, removal)
  })
}
