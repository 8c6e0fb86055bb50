'use strict'

// How the module is loaded.

const fs = require('node:fs')
const path = require('node:path')
const t = require('tap')
const shm = require('../..')
const { child } = require('../helpers/child')
const { run } = require('../helpers/run')
const { withSegment } = require('../helpers/segment')

const ROOT = path.join(__dirname, '../..')

t.test('by import, named and default', async t => {
  const script = child(t, 'import.mjs')
  t.equal(await script.line(), 'imported true')
  t.match(await script.ended, { code: 0, signal: null })
})

t.test('without the addon', async t => {
  // A copy of the package without build and prebuilds, inside the project for the sake of its dependencies.
  const copy = t.testdir({ 'package.json': fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8') })
  fs.cpSync(path.join(ROOT, 'js'), path.join(copy, 'js'), { recursive: true })
  const error = await run((shm, copy) => {
    try {
      require(copy)
    } catch (error) {
      return { name: error.name, code: error.code, message: error.message, cause: error.cause?.message }
    }
  }, [copy])
  t.match(error, { name: 'ShmError', code: 'ERR_SHM_NOT_BUILT', message: /npm rebuild shmnode/, cause: /./ })
})

t.test('twice, under two paths', async t => {
  const copy = t.testdir({ build: { Release: {} }, 'package.json': '{}' })
  fs.cpSync(path.join(ROOT, 'js'), path.join(copy, 'js'), { recursive: true })
  fs.copyFileSync(path.join(ROOT, 'build/Release/shmnode.node'), path.join(copy, 'build/Release/shmnode.node'))
  const segment = await withSegment(t, { capacity: 1024 * 1024 })
  const seen = await run(async (shm, copy, key) => {
    const other = require(`${copy}/js/index.js`)
    const [mine, theirs] = [await shm.open(key), await other.open(key)]
    await mine.write(Buffer.alloc(1024 * 1024, 1))
    for (let i = 0; i < 200; i++) {
      const [a, b] = await Promise.all([mine.read(), theirs.read()])
      if (!a.equals(b)) throw new Error('not the same')
    }
    await mine.write('from one')
    const seen = [other !== shm, String(await theirs.read()), await theirs.write('from the other'), String(mine.readSync())]
    await Promise.all([mine.close(), theirs.close()])
    return seen
  }, [copy, segment.key])
  t.strictSame(seen, [true, 'from one', 3, 'from the other'])
})

t.test('errors are of one class', async t => {
  const error = await shm.destroy(`t-${'nothing'.repeat(5)}`).catch(error => error)
  t.ok(error instanceof shm.ShmError && error instanceof Error)
  t.equal(error.name, 'ShmError')
  t.equal(Object.prototype.toString.call(error), '[object Error]')
  t.match(error.stack, /^ShmError: segment 't-nothing/)
  t.notOk(Object.keys(error).includes('name'))
})

t.test('nothing of ours keeps a process alive', async t => {
  const segment = await withSegment(t)
  t.ok(await run(async (shm, key) => {
    const open = await shm.open(key)
    await open.write('open to the end')
    return true
  }, [segment.key]))
})
