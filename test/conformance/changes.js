'use strict'

// Who waits for a newer version is woken by whoever commits it, and sleeps until then on the futex word that the layout says.

const path = require('node:path')
const { FIXTURES, start } = require('../helpers/child')
const { OFFSETS, u32 } = require('../helpers/raw')
const { PYTHON } = require('../helpers/python')
const { overColumns } = require('./lib/suite')
const { sleepsInFutex, until } = require('./lib/waits')

overColumns(['versions', 'notify'], async (t, stage) => {
  /** Wakes who sleeps on the word until somebody does. Nothing has changed: he sleeps again. */
  const untilAsleep = facts => until(async () => await stage.column.wake(facts, OFFSETS.notify) > 0)

  const word = async (facts, offset) => (await stage.column.peek(facts, offset, 4)).readUInt32LE()

  /** Versions that come while it sleeps; `isAnnounced(version)` tells whether writers know that it does. */
  async function follow (t, waiter, writer, facts, isAnnounced) {
    for (let version = 1; version <= 3; version++) {
      const woken = waiter.ask('wait', { newerThan: version - 1 })
      await untilAsleep(facts)
      t.ok(await isAnnounced(version - 1), 'it has told that it sleeps')
      t.equal(await writer.write(`version ${version}`), version)
      t.equal(Number((await woken).version), version)
      t.match(await waiter.snapshot(), { version, data: Buffer.from(`version ${version}`) })
    }
  }

  await stage.pairs(t, 'a newer version comes', [['wait'], []], async (t, waiter, writer) => {
    const { facts } = await stage.meet(t, [waiter, writer])
    await follow(t, waiter, writer, facts, async version => await word(facts, OFFSETS.awaited) === version || await word(facts, OFFSETS.awaitedAlways) !== 0)
  })

  await stage.pairs(t, 'a newer version comes to who only reads', [['wait'], []], async (t, waiter, writer) => {
    const { ref, facts } = await stage.meet(t, [writer])
    await stage.open(waiter, ref, { readOnly: true })
    await follow(t, waiter, writer, facts, async () => await word(facts, OFFSETS.awaitedAlways) === 1)
  })

  await stage.pairs(t, 'it is there already', [['wait'], []], async (t, waiter, writer) => {
    await stage.meet(t, [waiter, writer])
    for (let i = 0; i < 3; i++) await writer.write('x')
    t.equal(Number((await waiter.ask('wait', { newerThan: 1 })).version), 3)
  })

  await stage.each(t, 'it does not come', ['wait'], async (t, waiter) => {
    await stage.meet(t, [waiter])
    await waiter.write('x')
    for (const timeout of [0, 50]) await t.rejects(waiter.ask('wait', { newerThan: 1, timeout }), { code: 'BUSY' })
  })

  await stage.pairs(t, 'the segment comes to its end', [['wait'], []], async (t, waiter, destroyer) => {
    const { ref, facts } = await stage.meet(t, [waiter, destroyer])
    const rejected = t.rejects(waiter.ask('wait', { newerThan: 0 }), { code: 'DESTROYED' })
    await untilAsleep(facts)
    await stage.destroy(destroyer, ref)
    await rejected
  })

  const announcements = {
    'awaited is raised': (facts, version) => stage.column.poke(facts, OFFSETS.awaited, u32(version)),
    'awaited always is set': facts => stage.column.poke(facts, OFFSETS.awaitedAlways, u32(1))
  }
  for (const [how, announce] of Object.entries(announcements)) {
    await stage.each(t, `every change wakes who sleeps on the word: ${how}`, [], async (t, driver) => {
      const { ref, facts } = await stage.meet(t, [driver])
      const changes = [() => driver.write('x'), () => driver.write('y'), () => driver.write('z'), () => stage.destroy(driver, ref)]
      for (const [version, change] of changes.entries()) {
        const sleeper = start(t, PYTHON, [path.join(FIXTURES, 'futex.py'), stage.column.place(facts), OFFSETS.notify])
        t.equal(await sleeper.line(), String(version), 'the word is the version\'s low half')
        await announce(facts, version)
        await until(() => sleepsInFutex(sleeper.pid))
        await change()
        t.equal(await sleeper.line(), 'woken')
      }
    })
  }

  await stage.each(t, 'who may read but not write is always woken', [], async (t, driver) => {
    const { facts } = await stage.meet(t, [driver], { mode: '644' })
    for (let version = 0; version < 3; version++) {
      const sleeper = start(t, PYTHON, [path.join(FIXTURES, 'futex.py'), stage.column.place(facts), OFFSETS.notify])
      t.equal(await sleeper.line(), String(version))
      await until(() => sleepsInFutex(sleeper.pid))
      await driver.write('x')
      t.equal(await sleeper.line(), 'woken')
    }
  })
}, { raw: true })
