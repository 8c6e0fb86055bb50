'use strict'

// A lock that one implementation has, no other gets; and it is free when its holder has let go or was killed.

const raw = require('../helpers/raw')
const { overColumns } = require('./lib/suite')
const { until } = require('./lib/waits')

const SOON = { timeout: 50 }
const SEMAPHORES = { writer: 0, readers: 1, gate: 2, user: 3 }

overColumns(['locks'], async (t, stage) => {
  await stage.pairs(t, 'the lock for applications', [['user'], ['user']], async (t, holder, other) => {
    await stage.meet(t, [holder, other])
    const mode = 'user'
    for (let i = 0; i < 3; i++) {
      await holder.ask('lock', { mode })
      await t.rejects(other.ask('lock', { mode, ...SOON }), { code: 'BUSY', holder: holder.pid })
      t.ok(await other.write('writes do not need it'))
      await holder.ask('unlock', { mode })
      await other.ask('lock', { mode })
      await t.rejects(holder.ask('lock', { mode, ...SOON }), { code: 'BUSY', holder: other.pid })
      await other.ask('unlock', { mode })
    }
  })

  await stage.pairs(t, 'who waits for it gets it', [['user'], ['user']], async (t, holder, other) => {
    await stage.meet(t, [holder, other])
    await holder.ask('lock', { mode: 'user' })
    const had = other.ask('lock', { mode: 'user' })
    await holder.ask('unlock', { mode: 'user' })
    await t.resolves(had)
    await other.ask('unlock', { mode: 'user' })
  })

  await stage.pairs(t, 'held exclusively', [['exclusive'], []], async (t, holder, other) => {
    await stage.meet(t, [holder, other])
    await holder.write('as it was')
    await holder.ask('lock', { mode: 'exclusive' })
    await t.rejects(other.write('not now', SOON), { code: 'BUSY', holder: holder.pid })
    if (stage.column.features.includes('freeReads')) t.equal(String(await other.read()), 'as it was', 'readers do not need it')
    else await t.rejects(other.read(SOON), { code: 'BUSY', holder: holder.pid }, 'nor read')
    await holder.ask('unlock', { mode: 'exclusive' })
    t.ok(await other.write('now'))
    t.equal(String(await other.read()).slice(0, 3), 'now')
  })

  await stage.pairs(t, 'held shared', [['shared'], []], async (t, holder, other) => {
    await stage.meet(t, [holder, other])
    await holder.ask('lock', { mode: 'shared' })
    await t.rejects(other.write('not now', SOON), { code: 'BUSY', holder: holder.pid })
    t.ok(await other.read())
    await holder.ask('unlock', { mode: 'shared' })
    t.ok(await other.write('now'))
  })

  await stage.pairs(t, 'shared by two, exclusive by one', [['shared', 'exclusive'], ['shared', 'exclusive']], async (t, one, two) => {
    await stage.meet(t, [one, two])
    await one.ask('lock', { mode: 'shared' })
    await two.ask('lock', { mode: 'shared' })
    await two.ask('unlock', { mode: 'shared' })
    await t.rejects(two.ask('lock', { mode: 'exclusive', ...SOON }), { code: 'BUSY' }, 'of several the kernel tells the last that came or went')
    await one.ask('unlock', { mode: 'shared' })
    await two.ask('lock', { mode: 'exclusive' })
    for (const mode of ['shared', 'exclusive']) await t.rejects(one.ask('lock', { mode, ...SOON }), { code: 'BUSY', holder: two.pid })
    await two.ask('unlock', { mode: 'exclusive' })
  })

  await stage.pairs(t, 'a lock whose holder was killed', [['user'], ['user']], async (t, _, other, implementation) => {
    const holder = stage.fresh(t, implementation)
    await stage.meet(t, [other, holder])
    await holder.ask('lock', { mode: 'user' })
    const had = other.ask('lock', { mode: 'user' })
    await holder.kill()
    await t.resolves(had)
    await other.ask('unlock', { mode: 'user' })
  })

  for (const mode of ['exclusive', 'shared']) {
    await stage.pairs(t, `a holder, ${mode}, that was killed`, [[mode], []], async (t, _, other, implementation) => {
      const holder = stage.fresh(t, implementation)
      await stage.meet(t, [other, holder])
      await holder.ask('lock', { mode })
      await t.rejects(other.write('not now', { timeout: 0 }), { code: 'BUSY', holder: holder.pid })
      await holder.kill()
      t.ok(await other.write('now'))
    })
  }
})

overColumns(['locks'], async (t, stage) => {
  const setOf = ref => stage.column.sets(ref)[0].semid

  await stage.pairs(t, 'who comes waits before the gate of who waits', [['exclusive'], ['shared']], async (t, waiter, late) => {
    const holder = stage.driver(late.implementation, 'three')
    const { ref } = await stage.meet(t, [holder, waiter, late])
    await holder.ask('lock', { mode: 'shared' })
    const had = waiter.ask('lock', { mode: 'exclusive' })
    await until(async () => await raw.valueOf(setOf(ref), SEMAPHORES.gate) > 0)
    await t.rejects(late.ask('lock', { mode: 'shared', ...SOON }), { code: 'BUSY' }, 'although it is only shared')
    await holder.ask('unlock', { mode: 'shared' })
    await t.resolves(had)
    await waiter.ask('unlock', { mode: 'exclusive' })
  })

  await stage.pairs(t, 'killed while it waits', [['exclusive'], []], async (t, _, other, implementation) => {
    const holder = stage.driver(implementation, 'three')
    const waiter = stage.fresh(t, implementation)
    const { ref } = await stage.meet(t, [holder, waiter, other])
    const set = setOf(ref)
    await holder.ask('lock', { mode: 'shared' })
    waiter.send('lock', { mode: 'exclusive' })
    await until(async () => await raw.valueOf(set, SEMAPHORES.gate) > 0)
    await waiter.kill()
    await until(async () => await raw.valueOf(set, SEMAPHORES.gate) === 0)
    await holder.ask('unlock', { mode: 'shared' })
    t.ok(await other.write('through'))
  })

  await stage.pairs(t, 'somebody clears the gate behind which it waits', [['exclusive'], ['wait']], async (t, holder, waiter) => {
    const { ref } = await stage.meet(t, [holder, waiter])
    const set = setOf(ref)
    await holder.ask('lock', { mode: 'exclusive' })
    const written = waiter.write('through')
    await until(async () => await raw.valueOf(set, SEMAPHORES.gate) > 0)
    await raw.reset(set, SEMAPHORES.gate)
    await holder.ask('unlock', { mode: 'exclusive' })
    t.ok(await written)
    t.ok(await holder.write('and so do others'))
    t.equal(await raw.valueOf(set, SEMAPHORES.gate), 0)
  })

  await stage.each(t, 'all is free again after everything', [], async (t, driver) => {
    const { ref, facts } = await stage.meet(t, [driver], { capacity: 10 })
    const { features } = stage.column
    await driver.write('x')
    await t.rejects(driver.write('over the capacity'), { code: 'TOO_LARGE' })
    if (features.includes('versions')) await t.rejects(driver.write('y', { ifVersion: 7 }), { code: 'VERSION_CONFLICT' })
    await driver.read()
    const set = setOf(ref)
    for (const [name, semaphore] of Object.entries(SEMAPHORES)) t.equal(await raw.valueOf(set, semaphore), 0, name)
    if (features.includes('header')) t.strictSame(await stage.column.peek(facts, raw.OFFSETS.writer, 8), Buffer.alloc(8), 'nor is there a mark')
  })
}, { raw: true })
