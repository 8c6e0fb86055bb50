'use strict'

// Who waits for a newer version is woken by whoever commits it, and sleeps until then on the futex word that the layout says.

const path = require('node:path')
const { FIXTURES, start } = require('../helpers/child')
const { OFFSETS } = require('../helpers/raw')
const { PYTHON } = require('../helpers/python')
const { overColumns } = require('./lib/suite')
const { sleepsInFutex, until } = require('./lib/waits')

overColumns(['versions', 'notify'], async (t, stage) => {
  /** Wakes who sleeps on the word until somebody does. Nothing has changed: he sleeps again. */
  const untilAsleep = facts => until(async () => await stage.column.wake(facts, OFFSETS.notify) > 0)

  await stage.pairs(t, 'a newer version comes', [['wait'], []], async (t, waiter, writer) => {
    const { facts } = await stage.meet(t, [waiter, writer])
    for (let version = 1; version <= 3; version++) {
      const woken = waiter.ask('wait', { newerThan: version - 1 })
      await untilAsleep(facts)
      t.equal(await writer.write(`version ${version}`), version)
      t.equal(Number((await woken).version), version)
      t.match(await waiter.snapshot(), { version, data: Buffer.from(`version ${version}`) })
    }
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
    await destroyer.ask('destroy', { ref })
    await rejected
  })

  await stage.each(t, 'every change wakes who sleeps on the word', [], async (t, driver) => {
    const { ref, facts } = await stage.meet(t, [driver])
    const changes = [() => driver.write('x'), () => driver.write('y'), () => driver.ask('destroy', { ref })]
    for (const [version, change] of changes.entries()) {
      const sleeper = start(t, PYTHON, [path.join(FIXTURES, 'futex.py'), facts.id, OFFSETS.notify])
      t.equal(await sleeper.line(), String(version), 'the word is the version\'s low half')
      await until(() => sleepsInFutex(sleeper.pid))
      await change()
      t.equal(await sleeper.line(), 'woken')
    }
  })
}, { raw: true })
