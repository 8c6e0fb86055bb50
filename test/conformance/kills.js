'use strict'

// A writer of any implementation is killed at any moment: all others find a whole value, none older than what was told, and write at once.

const { setTimeout: sleep } = require('node:timers/promises')
const { isWhole } = require('../helpers/pattern')
const { overColumns } = require('./lib/suite')

const LENGTH = 64 * 1024
const KILLS = 5
/** Of 1,500 or so; all lines are tried. */
const OPCODES_BETWEEN = 23

overColumns(['versions'], async (t, stage) => {
  await stage.each(t, 'killed at random', [], async (t, _, implementation) => {
    const others = stage.present.map(other => stage.driver(other))
    const { ref } = await stage.meet(t, others, { capacity: LENGTH })
    for (let i = 0; i < KILLS; i++) {
      const victim = stage.fresh(t, implementation)
      await stage.open(victim, ref)
      victim.send('storm', { length: LENGTH })
      const first = await victim.line()
      await sleep(Math.random() * 30)
      await victim.kill()
      const told = Number([first, ...victim.takeLines()].at(-1).version)
      for (const other of others) {
        const { data, version } = await other.snapshot()
        t.ok(isWhole(data), `${other.name} reads one value`)
        t.ok(version >= told, `${other.name} reads ${version}, ${told} was told`)
        t.equal(await other.write(data), version + 1, `${other.name} writes`)
      }
    }
  })

  const before = Buffer.alloc(300, 'the old value. ')
  const written = Buffer.alloc(200, 'the new one. ')

  for (const [by, stride] of [['line', 1], ['opcode', OPCODES_BETWEEN]]) {
    await stage.each(t, `killed before any step of a write: each ${by}`, ['die'], async (t, victim) => {
      const others = stage.present.map(other => stage.driver(other))
      await stage.meet(t, [...others, stage.driver(victim.implementation, 'two')], { capacity: 1000, checksum: true })
      const dying = stage.driver(victim.implementation, 'two')
      let kills = 0
      for (let step = 0; ; step += stride, kills++) {
        const other = others[kills % others.length]
        const version = await other.write(before)
        const { killed } = await dying.ask('die', { data: written, step, by })
        const found = await others[(kills + 1) % others.length].snapshot()
        const isOld = found.version === version && found.data.equals(before)
        const isNew = found.version === version + 1 && found.data.equals(written)
        if (!isOld && !isNew) t.fail(`${by} ${step}: version ${found.version} after ${version}: ${found.data}`)
        t.equal(await other.write(before), found.version + 1)
        if (killed === '0') {
          t.ok(isNew, 'who was not killed has written')
          break
        }
      }
      t.ok(kills > 30, `${kills} kills`)
    })
  }
})
