'use strict'

// SIGKILL of who creates or destroys, at any time: the key can be used, and destroyed, by the next one.

const t = require('tap')
const { setTimeout: sleep } = require('node:timers/promises')
const shm = require('../..')
const { child } = require('../helpers/child')
const kernel = require('../helpers/kernel')
const { uniqueKey } = require('../helpers/keys')
const { peer, startPeer } = require('../helpers/peer')

const KILLS = 30

/** Whatever is left under the key can be opened, used and destroyed. */
async function isUsable (t, key) {
  const segment = await shm.open(key)
  t.type(await segment.write('usable'), 'number')
  t.equal(String(await segment.read()), 'usable')
  await segment.destroy()
  t.ok(kernel.isFree(key), 'nothing is left')
}

/** Whatever is left can be cleared away at once, if there is anything. */
async function isRemovable (t, key) {
  const { segments, sets } = kernel.under(key)
  const nothing = segments.length + sets.length === 0
  const code = await shm.destroy(key).then(() => null, error => error.code)
  t.equal(code, nothing ? 'ERR_SHM_NOT_FOUND' : null)
  t.ok(kernel.isFree(key), 'nothing is left')
}

t.test('Node.js processes that make and destroy', async t => {
  for (let kills = 0; kills < KILLS; kills++) {
    const first = uniqueKey() & ~0xfff
    const creator = child(t, 'creator.js', [first])
    await creator.line()
    await sleep(Math.random() * 10)
    await creator.kill()
    const last = first + creator.lines.length
    for (let key = first; key < last; key++) if (!kernel.isFree(key)) t.fail(`key ${key} was destroyed`)
    await (kills % 2 ? isUsable : isRemovable)(t, last)
  }
})

t.test('C++ processes that make', async t => {
  for (let kills = 0; kills < KILLS; kills++) {
    const key = uniqueKey()
    const creator = startPeer(t, 'write', key, 'made')
    await sleep(Math.random() * 4)
    await creator.kill()
    await (kills % 2 ? isUsable : isRemovable)(t, key)
    await peer('forget', key)
  }
})
