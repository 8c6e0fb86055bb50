'use strict'

// Runs the examples of native/examples, those in C++ as they were built into some folder, each for a moment.

const path = require('node:path')
const shm = require('../..')
const { start } = require('./child')
const { uniquePosixName } = require('./memory')
const { removeSegment } = require('./raw')
const { uniqueName } = require('./keys')
const { remove } = require('./segment')

const EXAMPLES = path.join(__dirname, '../../native/examples')

/** A name that others are going to use; its segment is destroyed when the test ends. */
function reservedName (t) {
  const name = uniqueName()
  t.teardown(() => remove(name))
  return name
}

/** The rest of what a process prints, and how it ends. */
async function toEnd (t, child) {
  const { code, signal, stderr } = await child.ended
  t.strictSame({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  return child.lines
}

/** @param {string} folder where the C++ examples were built */
function run (t, folder) {
  const native = (t, name, ...args) => start(t, path.join(folder, name), args)
  const node = (t, name, ...args) => start(t, process.execPath, [path.join(EXAMPLES, name), ...args])

  t.test('a camera in C++, and who follows it in Node.js', async t => {
    const name = reservedName(t)
    const consumer = node(t, 'frame-consumer.js', name, 5)
    t.equal(await consumer.line(), 'following from version 0')
    const producer = native(t, 'frame_producer', name, 5)
    t.strictSame(await toEnd(t, producer), ['committed 5 frames of 6220800 bytes, the last as version 5'])
    const lines = await toEnd(t, consumer)
    const frames = lines.slice(0, -1).map(line => /^version (\d): a whole frame of grey (\d), video\/x-raw;format=RGB;width=1920;height=1080$/.exec(line))
    t.ok(frames.every(frame => frame !== null && frame[1] === frame[2]), lines.join('\n'))
    t.equal(frames.at(-1)[1], '5')
    t.equal(lines.at(-1), `${frames.length} frames seen, ${5 - frames.length} missed`)
  })

  t.test('a reader in C++ that blocks until a writer in Node.js has something new', async t => {
    const name = reservedName(t)
    await toEnd(t, node(t, 'settings-writer.js', name, 'one'))
    const reader = native(t, 'settings_reader', name, 3)
    t.match(await reader.line(), /^version 1 by process \d+, application\/json: \{"value":"one"\}$/, 'the current one first')
    for (const [version, value] of [[2, 'two'], [3, 'three']]) {
      t.equal(reader.process.exitCode, null, 'it waits')
      const writer = node(t, 'settings-writer.js', name, value)
      t.equal(await reader.line(), `version ${version} by process ${writer.pid}, application/json: {"value":"${value}"}`)
      t.strictSame(await toEnd(t, writer), [`version ${version} is ${value}`])
    }
    t.strictSame(await toEnd(t, reader), [])
  })

  t.test('a lock that both take', async t => {
    const name = reservedName(t)
    await (await shm.open(name)).close()
    const all = [native(t, 'shared_counter', name, 300), node(t, 'shared-counter.js', name, 300), native(t, 'shared_counter', name, 300)]
    const last = (await Promise.all(all.map(child => toEnd(t, child)))).map(([line]) => Number(line))
    t.equal(Math.max(...last), 900, 'not one is lost')
    const segment = await shm.open(name)
    t.match(await segment.snapshot(), { data: Buffer.from('900'), version: 900 })
    await segment.close()
  })

  t.test('many segments that one thread in C++ follows', async t => {
    const names = [reservedName(t), reservedName(t), reservedName(t)]
    const segments = await Promise.all(names.map(name => shm.open(name)))
    t.teardown(() => Promise.all(segments.map(segment => segment.close())))
    const follower = native(t, 'follow_many', ...names)
    t.equal(await follower.line(), 'following 3 segments')
    for (const [i, version] of [[1, 1], [0, 1], [1, 2], [2, 1]]) {
      await segments[i].write('new')
      t.equal(await follower.line(), `${names[i]} is at version ${version}`)
    }
    follower.process.stdin.end()
    t.strictSame(await toEnd(t, follower), [])
  })

  t.test('segments that come to their end while they are followed', async t => {
    for (const end of [segment => shm.destroy(segment.key), segment => removeSegment(segment.id)]) {
      const segment = await shm.open(reservedName(t))
      const follower = native(t, 'follow_many', segment.name)
      await follower.line()
      await end(segment)
      const { code, stderr } = await follower.ended
      t.strictSame({ code, stderr }, { code: 1, stderr: `${segment.name}: DESTROYED\n` })
      await segment.close()
    }
  })

  t.test('a text that C++ and Node.js share, in a raw segment and in a file of /dev/shm', async t => {
    for (const [name, posix] of [[uniqueName(), false], [uniquePosixName(), true]]) {
      const segment = await shm.open(name, { posix, layout: 'raw', capacity: 2048, nulTerminated: true })
      t.teardown(async () => {
        await segment.close()
        await remove(name, 'raw', posix)
      })
      await segment.write('from Node.js')
      t.strictSame(await toEnd(t, native(t, 'raw_text', name, 'from C++')), ['from Node.js'])
      t.equal(String(await segment.read()), 'from C++')
    }
  })

  t.test('without what they need', async t => {
    const name = reservedName(t)
    for (const [program, ...args] of [['settings_reader', name, 1], ['follow_many', name]]) {
      const { code, stderr } = await native(t, program, ...args).ended
      t.equal(code, 1)
      t.match(stderr, /NOT_FOUND: shmget: No such file or directory/)
    }
    for (const program of ['frame_producer', 'settings_reader', 'shared_counter', 'raw_text']) {
      t.match(await native(t, program).ended, { code: 2, stderr: /^usage: / })
    }
  })
}

module.exports = { run }
