'use strict'

// What every implementation refuses, and leaves as it is: foreign segments, other names, other users' segments, segments whose lock or
// whose writer is not what it should be.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const { collidingNames, uniqueName, keyOf } = require('../helpers/keys')
const raw = require('../helpers/raw')
const { asUser, rootOnly, NOBODY } = require('../helpers/run')
const { start } = require('../helpers/child')
const { overColumns } = require('./lib/suite')

const { OFFSETS, u16, u32, u64 } = raw

overColumns(['header'], async (t, stage) => {
  const { column } = stage

  await stage.each(t, 'a foreign segment is refused, and not a byte changed', [], async (t, driver) => {
    const foreign = { 'another program\'s bytes': 'the bytes of a C program', 'almost our magic': 'SHMNODE2', zeros: '' }
    for (const bytes of [1, 2048, 4095, 4096, 12288, 20_000]) {
      for (const [what, text] of Object.entries(foreign)) {
        const made = await column.make(t, bytes)
        if (text !== '') await column.poke(made, 0, Buffer.from(text).subarray(0, bytes))
        const before = await column.peek(made, 0, bytes)
        for (const options of [{}, { create: false }, { readOnly: true }]) {
          await t.rejects(stage.open(driver, made.ref, options), { code: 'LAYOUT' }, `${what}, ${bytes} bytes, ${JSON.stringify(options)}`)
        }
        await t.rejects(stage.destroy(driver, made.ref), { code: 'LAYOUT' }, what)
        t.ok(before.equals(await column.peek(made, 0, bytes)), 'unchanged')
        t.equal(column.sets(made.ref).length, 0, 'no set was made')
      }
    }
  })

  await stage.pairs(t, 'a higher minor version is read and written, and what it has more in the header stays', [[], []], async (t, writer, reader) => {
    const { facts, ref } = await stage.meet(t, [writer, reader], { slots: 2 })
    const reserved = [[136, 56], [224, 32], [512, 4096 - 512]]
    const ofValues = [[256 + 96, 32], [384 + 96, 32]]
    for (const [offset, length] of [...reserved, ...ofValues]) await column.poke(facts, offset, Buffer.alloc(length, 0xa5))
    await column.poke(facts, OFFSETS.major + 2, u16(9))
    await column.poke(facts, 28, u32(0xfffffffe))
    for (const driver of [writer, reader]) t.match(await stage.open(driver, ref, { create: false }), { layout: '1.9', checksum: '0' })
    for (const value of ['one', 'two', 'three']) {
      await writer.write(value)
      t.equal(String(await reader.read()), value)
    }
    for (const [offset, length] of reserved) t.strictSame(await column.peek(facts, offset, length), Buffer.alloc(length, 0xa5), `at ${offset}`)
    for (const [offset, length] of ofValues) t.strictSame(await column.peek(facts, offset, length), Buffer.alloc(length), `of an older value, at ${offset}`)
  })

  await stage.pairs(t, 'a higher major version is refused, and left alone', [[], []], async (t, maker, other) => {
    const { facts, ref } = await stage.meet(t, [maker])
    await maker.write('of the future')
    await column.poke(facts, OFFSETS.major, u16(2))
    const before = await column.peek(facts, 0, 4096)
    for (const options of [{}, { readOnly: true }, { exclusive: true }]) await t.rejects(stage.open(other, ref, options), { code: 'LAYOUT' })
    await t.rejects(stage.destroy(other, ref), { code: 'LAYOUT' })
    t.ok(before.equals(await column.peek(facts, 0, 4096)))
    await column.poke(facts, OFFSETS.major, u16(1))
    await stage.open(other, ref)
    t.equal(String(await other.read()), 'of the future')
  })

  await stage.pairs(t, 'a changed payload', [[], []], async (t, writer, reader) => {
    const { facts } = await stage.meet(t, [writer, reader], { checksum: true })
    await writer.write('as it was written')
    await column.poke(facts, 4096 + 4096, Buffer.from('A'))
    await t.rejects(reader.read(), { code: 'CORRUPT' })
    await reader.write('another value')
    t.equal(String(await writer.read()), 'another value')
  })

  await stage.each(t, 'the last of all versions', [], async (t, driver) => {
    const { facts } = await stage.meet(t, [driver])
    await column.poke(facts, OFFSETS.commit, u64(2 ** 53 - 2))
    t.equal(await driver.write('the last'), 2 ** 53 - 1)
    t.equal(String(await driver.read()), 'the last')
    await t.rejects(driver.write('one more'), { code: 'CORRUPT' })
    t.equal(String(await driver.read()), 'the last')
  })

  await stage.each(t, 'a mark in the header', [], async (t, driver) => {
    const { facts } = await stage.meet(t, [driver])
    const living = start(t, 'sleep', [1000])
    const mark = markOf(living.pid)
    await column.poke(facts, OFFSETS.writer, u64(mark))
    await t.rejects(driver.write('not now', { timeout: 20 }), { code: 'BUSY', holder: living.pid }, 'of a process that lives')
    t.equal((await driver.read()).length, 0)
    await living.kill()
    t.equal(await driver.write('in its place'), 1, 'of one that is dead')
    for (const [what, other] of [['of another start with its pid', markOf(process.pid) ^ 1n << 40n], ['of another namespace', mark ^ 1n << 24n], ['of nobody known', 1n]]) {
      await column.poke(facts, OFFSETS.writer, u64(other))
      t.ok(await driver.write('in its place'), what)
      t.strictSame(await column.peek(facts, OFFSETS.writer, 8), Buffer.alloc(8), 'and it is gone')
    }
  })

  await stage.each(t, 'another lock than before', [], async (t, driver) => {
    const { facts } = await stage.meet(t, [driver])
    await driver.write('before')
    const set = await column.peek(facts, OFFSETS.semaphores, 4)
    for (const other of [u32(0xffffffff), u32(set.readUInt32LE() + 1)]) {
      await column.poke(facts, OFFSETS.semaphores, other)
      await t.rejects(driver.write('under the old one'), { code: 'DESTROYED' })
      t.equal(String(await driver.read()), 'before')
    }
    await column.poke(facts, OFFSETS.semaphores, set)
    t.equal(await driver.write('after'), 2)
  })

  await stage.pairs(t, 'a segment whose set was removed has another once it is opened', [[], ['repair']], async (t, driver, repairer) => {
    const { facts, ref } = await stage.meet(t, [driver])
    await driver.write('stays')
    raw.removeSet((await column.peek(facts, OFFSETS.semaphores, 4)).readInt32LE())
    await t.rejects(driver.write('without a lock'), { code: 'DESTROYED' })
    t.equal(String(await driver.read()), 'stays')
    await stage.open(repairer, ref, { create: false })
    await t.rejects(driver.write('with the old one'), { code: 'DESTROYED' })
    t.match(await stage.open(driver, ref, { create: false }), { incarnation: facts.incarnation })
    t.equal(await driver.write('goes on'), 2)
    t.equal(String(await repairer.read()), 'goes on')
  })

  await stage.each(t, 'retired while it is open', [], async (t, driver) => {
    const { facts } = await stage.meet(t, [driver])
    await driver.write('x')
    await column.poke(facts, OFFSETS.retired, u32(1))
    for (const command of ['read', 'write']) await t.rejects(driver.ask(command), { code: 'DESTROYED' })
    await column.poke(facts, OFFSETS.retired, u32(0))
    t.ok(await driver.write('y'))
  })

  await stage.pairs(t, 'its destroyer died half way', [[], []], async (t, maker, other) => {
    const { facts, ref } = await stage.meet(t, [maker])
    await column.poke(facts, OFFSETS.retired, u32(1))
    await t.rejects(stage.open(other, ref, { readOnly: true }), { code: 'NOT_FOUND' })
    const again = await stage.open(other, ref)
    t.not(again.incarnation, facts.incarnation, 'the next who opens makes a new one')
    await t.rejects(maker.read(), { code: 'DESTROYED' })
  })

  await stage.pairs(t, 'its creator died half way', [[], []], async (t, maker, other) => {
    if (!column.features.includes('blank')) return t.pass('is never seen without its header')
    const { facts, ref } = await stage.meet(t, [maker], { capacity: 100 })
    const commit = Buffer.alloc(4096 - OFFSETS.commit)
    await column.poke(facts, OFFSETS.commit, commit)
    for (const dead of [Buffer.alloc(8), Buffer.alloc(128)]) {
      await column.poke(facts, 0, dead)
      if (dead.length === 128) await column.poke(facts, 8, Buffer.concat([u16(1), u16(0), u32(4096), u64(77)]))
      await t.rejects(stage.open(other, ref, { create: false }), { code: 'NOT_FOUND' })
      const opened = await stage.open(other, ref, { capacity: 100 })
      t.equal(opened.id, facts.id, 'the next who opens goes on with it')
      t.not(opened.incarnation, facts.incarnation)
      t.equal(await other.write('x'), 1)
      await column.poke(facts, OFFSETS.commit, commit)
      await column.poke(facts, 4096, Buffer.alloc(3 * 4096))
    }
  })

  await stage.each(t, 'blank, but for its payload, under a set like ours', [], async (t, driver) => {
    const { facts, ref } = await stage.meet(t, [driver], { capacity: 100 })
    const header = await column.peek(facts, 0, 4096)
    await column.poke(facts, 0, Buffer.alloc(4096))
    await column.poke(facts, 4096 + 50, Buffer.from('theirs'))
    const before = await column.peek(facts, 0, 4 * 4096)
    await t.rejects(stage.open(driver, ref, { capacity: 100 }), { code: 'LAYOUT' })
    await t.rejects(stage.destroy(driver, ref), { code: 'LAYOUT' })
    t.ok(before.equals(await column.peek(facts, 0, 4 * 4096)))
    await column.poke(facts, 4096, Buffer.alloc(4096))
    if (!column.features.includes('blank')) {
      await t.rejects(stage.destroy(driver, ref), { code: 'LAYOUT' }, 'no creator of ours leaves such a file')
      await column.poke(facts, 0, header)
    }
    await t.resolves(stage.destroy(driver, ref), 'a dead creator of ours leaves nothing but zeros')
  })

  await stage.each(t, 'another user\'s', [], async (t, driver) => {
    if (rootOnly.skip) return t.skip(rootOnly.skip)
    const ref = stage.reference(t)
    await asUser(NOBODY, async (shm, [reference, options]) => { await (await shm.open(reference, { mode: 0o666, ...options })).write('squatted') }, column.toOpen(ref))
    for (const options of [{}, { readOnly: true }]) await t.rejects(stage.open(driver, ref, options), { code: 'OWNER' })
    await t.rejects(stage.destroy(driver, ref), { code: 'OWNER' })
  })
}, { raw: true })

overColumns(['names'], async (t, stage) => {
  const [one, two] = collidingNames()

  await stage.pairs(t, 'two names with one key', [[], []], async (t, maker, other) => {
    const ref = stage.reference(t, stage.column.named(one))
    await stage.open(maker, ref)
    await maker.write('of the first')
    for (const options of [{}, { readOnly: true }, { create: false }]) {
      await t.rejects(stage.open(other, `name:${two}`, options), { code: 'NAME_COLLISION' })
    }
    await t.rejects(other.ask('destroy', { ref: `name:${two}` }), { code: 'NAME_COLLISION' })
    await stage.open(other, ref)
    t.equal(String(await other.read()), 'of the first')
  })

  await stage.each(t, 'what is no name, and what is no key', [], async (t, driver) => {
    for (const ref of ['key:0', 'name:', 'name:a/b', 'name:a:b', `name:${'x'.repeat(64)}`]) {
      for (const options of [{}, { create: false }, { readOnly: true }]) await t.rejects(stage.open(driver, ref, options), { code: 'UNSUPPORTED' }, ref)
    }
  })

  await stage.pairs(t, 'a name and its key', [[], []], async (t, maker, other) => {
    const name = uniqueName()
    const byKey = `key:${keyOf(name)}`
    stage.reference(t, byKey)
    const made = await stage.open(maker, `name:${name}`)
    t.strictSame(await stage.open(other, byKey), made, 'a key is any segment\'s')
    await stage.destroy(other, byKey)
    await stage.open(maker, byKey)
    await t.rejects(stage.open(other, `name:${name}`), { code: 'NAME_COLLISION' }, 'a name only its own')
  })
})

overColumns(['files'], async (t, stage) => {
  const { column } = stage
  const pathOf = ref => `/dev/shm${ref.slice('posix:'.length)}`

  await stage.pairs(t, 'a file under another name', [[], []], async (t, maker, other) => {
    const { ref } = await stage.meet(t, [maker])
    await maker.write('of the first')
    const renamed = stage.column.reference()
    fs.linkSync(pathOf(ref), pathOf(renamed))
    t.teardown(() => fs.rmSync(pathOf(renamed)))
    for (const options of [{}, { readOnly: true }, { create: false }]) await t.rejects(stage.open(other, renamed, options), { code: 'NAME_COLLISION' })
    await t.rejects(stage.destroy(other, renamed), { code: 'NAME_COLLISION' })
    t.strictSame(column.sets(renamed), [])
  })

  await stage.each(t, 'what is no plain file, or an empty one', [], async (t, driver) => {
    const makes = {
      'a directory': path => fs.mkdirSync(path),
      'a link': path => fs.symlinkSync('/dev/shm/nowhere', path),
      'a pipe': path => execFileSync('mkfifo', [path]),
      'nothing in it': path => fs.writeFileSync(path, '')
    }
    for (const [what, make] of Object.entries(makes)) {
      const ref = column.reference()
      make(pathOf(ref))
      t.teardown(() => fs.rmSync(pathOf(ref), { recursive: true }))
      for (const options of [{}, { readOnly: true }]) await t.rejects(stage.open(driver, ref, options), { code: 'LAYOUT' }, what)
      t.strictSame(column.sets(ref), [], 'no set was made')
    }
  })

  await stage.pairs(t, 'whose semaphores are in another IPC namespace', [[], []], async (t, maker, other) => {
    const { facts, ref } = await stage.meet(t, [maker])
    await maker.write('as it was')
    const own = await column.peek(facts, OFFSETS.ipcNamespace, 4)
    t.equal(own.readUInt32LE(), fs.statSync('/proc/self/ns/ipc').ino, 'its creator has told')
    await column.poke(facts, OFFSETS.ipcNamespace, u32(own.readUInt32LE() ^ 1))
    await t.rejects(stage.open(other, ref, { create: false }), { code: 'UNSUPPORTED' })
    await stage.open(other, ref, { readOnly: true })
    t.equal(String(await other.read()), 'as it was', 'who reads needs none')
    for (const known of [u32(0), own]) {
      await column.poke(facts, OFFSETS.ipcNamespace, known)
      await stage.open(other, ref, { create: false })
      t.ok(await other.write('as it was'))
    }
  })

  await stage.each(t, 'the key of its set is a System V segment\'s', [], async (t, driver) => {
    const ref = column.reference()
    const id = await raw.make(keyOf(ref.slice('posix:'.length)), 100)
    t.teardown(() => raw.removeSegment(id))
    await t.rejects(stage.open(driver, ref), { code: 'NAME_COLLISION' })
    t.notOk(fs.existsSync(pathOf(ref)))
    t.strictSame(column.sets(ref), [])
  })

  await stage.pairs(t, 'unlinked while it is open', [[], []], async (t, writer, other) => {
    const { facts, ref } = await stage.meet(t, [writer])
    await writer.write('old')
    fs.unlinkSync(pathOf(ref))
    await t.rejects(writer.write('nobody would find it'), { code: 'DESTROYED' })
    t.not((await stage.open(other, ref)).incarnation, facts.incarnation)
    t.equal(await other.write('new'), 1)
    await t.rejects(writer.write('nor this'), { code: 'DESTROYED' })
    t.equal(String(await other.read()), 'new')
  })
})

/** As native/LAYOUT.md makes it, of a process of this PID namespace. */
function markOf (pid) {
  const start = BigInt(fs.readFileSync(`/proc/${pid}/stat`, 'latin1').split(')').at(-1).trim().split(' ')[19])
  const inode = BigInt(execFileSync('stat', ['-L', '-c', '%i', '/proc/self/ns/pid'], { encoding: 'utf8' }))
  return BigInt(pid) | (inode & 0xffffn) << 24n | (start & 0xffffffn) << 40n
}
