'use strict'

// Somebody else has the lock.

const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const { performance } = require('node:perf_hooks')
const shm = require('../..')
const { hold } = require('../helpers/peer')
const { removeSegment } = require('../helpers/raw')
const { another, withSegment } = require('../helpers/segment')

t.test('a time-out names the holder', async t => {
  const segment = await withSegment(t)
  const { pid } = await hold(t, segment.key)
  const error = { name: 'ShmError', code: 'ERR_SHM_TIMEOUT', holderPid: pid, key: segment.key, message: new RegExp(`process ${pid} holds`) }
  const begun = performance.now()
  await t.rejects(segment.write('x', { timeout: 150 }), { ...error, message: new RegExp(`150 ms.*process ${pid}`) })
  t.ok(performance.now() - begun >= 149, 'and not too early')
  await t.rejects(segment.write('x', { timeout: 0 }), error)
  await t.rejects(segment.update(() => 'x', { timeout: 100 }), error)
  await t.rejects(Promise.all([segment.write('x', { timeout: 60 }), segment.write('x', { timeout: 60 })]), error)
  t.equal(segment.version, 0)
})

t.test('each call has a time-out of its own', async t => {
  const segment = await withSegment(t)
  const holder = await hold(t, segment.key)
  const order = []
  const write = timeout => segment.write('x', { timeout }).then(() => order.push('written'), ({ code }) => order.push(`${timeout} ${code}`))
  const waiting = write(Infinity)
  await Promise.all([write(300), write(100), write(200)])
  t.strictSame(order, ['100 ERR_SHM_TIMEOUT', '200 ERR_SHM_TIMEOUT', '300 ERR_SHM_TIMEOUT'])
  await holder.kill()
  await waiting
  t.equal(order.at(-1), 'written')
  t.equal(segment.version, 1)
})

t.test('open waits for who is creating', async t => {
  const segment = await withSegment(t)
  const { pid, ...holder } = await hold(t, segment.key)
  removeSegment(segment.id)
  const error = { code: 'ERR_SHM_TIMEOUT', holderPid: pid, message: new RegExp(`process ${pid} holds`) }
  await t.rejects(shm.open(segment.key, { timeout: 80 }), error)
  await t.rejects(shm.open(segment.key, { timeout: 0 }), error)
  const opening = another(t, segment.key, { timeout: Infinity })
  holder.process.kill('SIGKILL')
  t.not((await opening).incarnation, segment.incarnation)
})

t.test('calls that do not wait are busy', async t => {
  const segment = await withSegment(t)
  await segment.write('readable')
  const { pid } = await hold(t, segment.key)
  t.throws(() => segment.writeSync('x'), { name: 'ShmError', code: 'ERR_SHM_BUSY', holderPid: pid, message: new RegExp(`process ${pid} holds`) })
  t.equal(String(segment.readSync()), 'readable')
  t.equal(segment.snapshotSync().version, 1)
})

t.test('a shared holder keeps writers out too', async t => {
  const segment = await withSegment(t)
  const { pid } = await hold(t, segment.key, 'shared')
  t.throws(() => segment.writeSync('x'), { code: 'ERR_SHM_BUSY', holderPid: pid })
  await t.rejects(segment.write('x', { timeout: 60 }), { code: 'ERR_SHM_TIMEOUT', holderPid: pid })
  t.strictSame(await segment.read(), Buffer.alloc(0))
})

t.test('who is behind the gate is named too', async t => {
  const segment = await withSegment(t)
  const { pid } = await hold(t, segment.key, 'gate')
  await t.rejects(segment.write('x', { timeout: 60 }), { code: 'ERR_SHM_TIMEOUT', holderPid: pid })
})

t.test('the user\'s lock is another one', async t => {
  const segment = await withSegment(t)
  await hold(t, segment.key, 'user')
  t.equal(await segment.write('x'), 1)
  t.equal(segment.writeSync('x'), 2)
})

t.test('reads do not wait for the lock, nor behind writes that do', async t => {
  const segment = await withSegment(t)
  await segment.write('before')
  const holder = await hold(t, segment.key)
  let written = false
  const writing = segment.write('after', { timeout: Infinity }).then(() => { written = true })
  for (let i = 0; i < 20; i++) {
    t.equal(String(await segment.read()), 'before')
    t.equal((await segment.snapshot()).version, 1)
    await sleep(5)
  }
  t.notOk(written)
  await holder.kill()
  await writing
  t.equal(String(await segment.read()), 'after')
})

t.test('a lock that is let go in time', async t => {
  const segment = await withSegment(t)
  await hold(t, segment.key, 'exclusive', 200)
  t.equal(await segment.write('x', { timeout: Infinity }), 1)
})

t.test('writes keep their order while they wait', async t => {
  const segment = await withSegment(t)
  const holder = await hold(t, segment.key)
  const versions = []
  for (let i = 0; i < 5; i++) {
    versions.push(segment.write(String(i), { timeout: Infinity }))
    await sleep(30)
  }
  await holder.kill()
  t.strictSame(await Promise.all(versions), [1, 2, 3, 4, 5])
  t.equal(String(await segment.read()), '4')
})

// Their time counts from the call, not from the process's start: so in a process that is older than the time-out.
for (const [what, count, length] of [['large', 3, 1024 * 1024], ['many', 1500, 1]]) {
  t.test(`calls that did not fit the first batch have their full time: ${what}`, async t => {
    const timeout = 3000
    const segment = await withSegment(t, { capacity: 1024 * 1024 })
    if (performance.now() < timeout) await sleep(timeout - performance.now() + 10)
    const holder = await hold(t, segment.key)
    const settling = Promise.allSettled(Array.from({ length: count }, () => segment.write(Buffer.alloc(length), { timeout })))
    await sleep(200)
    await holder.kill()
    const refused = (await settling).filter(({ status }) => status === 'rejected')
    t.equal(refused.length, 0, refused[0]?.reason.message)
  })
}

t.test('a holder that is stopped, then goes on', async t => {
  const segment = await withSegment(t)
  const holder = await hold(t, segment.key, 'exclusive', 300)
  holder.process.kill('SIGSTOP')
  await t.rejects(segment.write('x', { timeout: 700 }), { code: 'ERR_SHM_TIMEOUT', holderPid: holder.pid })
  holder.process.kill('SIGCONT')
  t.equal(await segment.write('x', { timeout: Infinity }), 1)
})
