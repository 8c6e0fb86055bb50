'use strict'

// What the kernel has no more of.

const t = require('tap')
const shm = require('../..')
const kernel = require('../helpers/kernel')
const { uniqueKey } = require('../helpers/keys')
const { rootOnly, run } = require('../helpers/run')

const open = (shm, options) => shm.open(1, options).then(({ id }) => id)

t.test('more than the memory', async t => {
  const key = uniqueKey()
  await t.rejects(shm.open(key, { capacity: 2 ** 46 }), { name: 'ShmError', code: 'ERR_SHM_NO_SPACE', errno: 12, syscall: 'shmget', key })
  t.ok(kernel.isFree(key), 'the semaphore set is gone too')
})

t.test('more than any number holds', async t => {
  const key = uniqueKey()
  for (const capacity of [2 ** 52, Number.MAX_SAFE_INTEGER]) {
    for (const reference of [key, shm.PRIVATE]) await t.rejects(shm.open(reference, { capacity }), { code: 'ERR_SHM_LIMIT' })
    await t.rejects(shm.open(key, { capacity, slots: 16 }), { code: 'ERR_SHM_LIMIT' })
  }
  t.ok(kernel.isFree(key))
})

const limits = [
  ['shmmni', 'echo 1 > /proc/sys/kernel/shmmni && ipcmk -M 10 > /dev/null', 'shmget', 28],
  ['shmall', 'echo 1 > /proc/sys/kernel/shmall', 'shmget', 28],
  ['shmmax', 'echo 8192 > /proc/sys/kernel/shmmax', 'shmget', 22],
  ['sem', 'echo "32000 32000 500 1" > /proc/sys/kernel/sem && ipcmk -S 1 > /dev/null', 'semget', 28],
  ['sem', 'echo "32000 3 500 100" > /proc/sys/kernel/sem', 'semget', 28],
  ['sem', 'echo "3 32000 500 100" > /proc/sys/kernel/sem', 'semget', 22],
  ['sem', 'echo "32000 32000 2 100" > /proc/sys/kernel/sem', 'semtimedop', 7]
]

for (const [sysctl, shell, syscall, errno] of limits) {
  t.test(`kernel.${sysctl}, ${shell}`, rootOnly, async t => {
    await t.rejects(run(open, [], { shell }), { name: 'ShmError', code: 'ERR_SHM_LIMIT', syscall, errno, message: new RegExp(`kernel\\.${sysctl}\\b`) })
  })
}

t.test('a limit leaves nothing behind, and goes away with its reason', rootOnly, async t => {
  const result = await run(async shm => {
    const fs = require('node:fs')
    const rows = file => fs.readFileSync(`/proc/sysvipc/${file}`, 'utf8').trim().split('\n').length - 1
    const first = await shm.open(1)
    const codes = []
    for (const reference of [2, 'name', shm.PRIVATE]) codes.push(await shm.open(reference).then(() => 'ok', error => error.code))
    const left = [rows('shm'), rows('sem')]
    await first.destroy()
    const second = await shm.open(2)
    return { codes, left, second: second.key }
  }, [], { shell: 'echo 1 > /proc/sys/kernel/shmmni' })
  t.strictSame(result, { codes: Array(3).fill('ERR_SHM_LIMIT'), left: [1, 1], second: 2 })
})

t.test('an IPC namespace of its own sees nothing of ours', rootOnly, async t => {
  const key = uniqueKey()
  const segment = await shm.open(key)
  t.teardown(() => segment.destroy())
  await t.rejects(run((shm, key) => shm.open(key, { create: false }), [key], { shell: 'true' }), { code: 'ERR_SHM_NOT_FOUND' })
})
