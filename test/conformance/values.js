'use strict'

// What one implementation writes, each of the others reads.

const { overColumns } = require('./lib/suite')

const ANY = [[], []]
const CAPACITY = 5000

overColumns(['lengths'], async (t, stage) => {
  await stage.pairs(t, 'values of every length', ANY, async (t, writer, reader) => {
    await stage.meet(t, [writer, reader], { capacity: CAPACITY })
    for (const length of [0, 1, 7, 8, 4095, 4096, 4097, CAPACITY]) {
      const data = Buffer.alloc(length, `${length} bytes of ${writer.name}`)
      await writer.write(data)
      t.ok(data.equals(await reader.read()), `${length} bytes`)
    }
  })

  await stage.pairs(t, 'a shorter value after a longer one has no tail', ANY, async (t, writer, reader) => {
    await stage.meet(t, [writer, reader], { capacity: 100 })
    for (let i = 0; i < 4; i++) await writer.write(Buffer.alloc(100, 'x'))
    for (const data of ['a shorter one', '', 'short', 's', '']) {
      await writer.write(data)
      t.equal(String(await reader.read()), data)
    }
  })

  await stage.pairs(t, 'over the capacity', ANY, async (t, writer, reader) => {
    await stage.meet(t, [writer, reader], { capacity: 100 })
    await writer.write('what was there')
    for (const length of [101, 4096, 4097, 100_000]) await t.rejects(writer.write(Buffer.alloc(length, 'x')), { code: 'TOO_LARGE' })
    t.equal(String(await reader.read()), 'what was there')
    await writer.write(Buffer.alloc(100, 'y'))
    t.equal(String(await reader.read()), 'y'.repeat(100))
  })

  await stage.each(t, 'what was never written is empty', [], async (t, driver) => {
    await stage.meet(t, [driver])
    t.equal((await driver.read()).length, 0)
  })
})

overColumns(['versions', 'facts'], async (t, stage) => {
  await stage.pairs(t, 'a value\'s facts', ANY, async (t, writer, reader) => {
    await stage.meet(t, [writer, reader])
    t.match(await reader.snapshot(), { version: 0, mediaType: '', data: Buffer.alloc(0), writerPid: 0, committed: 0 }, 'never written')
    for (const mediaType of ['', 'text/plain', 'a'.repeat(63), 'x']) {
      const before = Date.now()
      const version = await writer.write('of a type', { type: mediaType })
      const { committed, ...facts } = await reader.snapshot()
      t.strictSame(facts, { data: Buffer.from('of a type'), version, mediaType, writerPid: writer.pid })
      t.ok(committed >= before && committed <= Date.now(), 'when')
    }
  })

  await stage.pairs(t, 'versions count what was written', ANY, async (t, writer, other) => {
    await stage.meet(t, [writer, other])
    for (let version = 1; version <= 10; version++) {
      const [one, two] = version % 2 === 0 ? [writer, other] : [other, writer]
      t.equal(await one.write(`version ${version}`), version)
      t.match(await two.snapshot(), { version, data: Buffer.from(`version ${version}`) })
      t.equal(await two.version(), version)
    }
  })

  await stage.pairs(t, 'ifVersion', ANY, async (t, first, second) => {
    await stage.meet(t, [first, second])
    await t.rejects(first.write('x', { ifVersion: 1 }), { code: 'VERSION_CONFLICT' })
    t.equal(await first.write('first', { ifVersion: 0 }), 1)
    await t.rejects(second.write('too late', { ifVersion: 0 }), { code: 'VERSION_CONFLICT' })
    t.equal(await second.write('second', { ifVersion: 1 }), 2)
    await t.rejects(first.write('too late', { ifVersion: 1 }), { code: 'VERSION_CONFLICT' })
    t.match(await first.snapshot(), { version: 2, data: Buffer.from('second') }, 'what was refused has changed nothing')
  })

  await stage.pairs(t, 'what was made', ANY, async (t, maker, opener) => {
    const ref = stage.reference(t, stage.column.named())
    const made = await stage.open(maker, ref, { capacity: 4097, slots: 5, checksum: true, exclusive: true })
    t.match(made, { name: ref.slice(ref.indexOf(':') + 1), capacity: '4097', slots: '5', checksum: '1', layout: '1.0' })
    t.match(made.incarnation, /^(?!0{16})[0-9a-f]{16}$/)
    t.strictSame(await stage.open(opener, ref, { create: false }), made)
    t.strictSame(await stage.open(opener, ref, { readOnly: true }), made)
    t.strictSame(await stage.open(opener, ref, { capacity: 10, checksum: true }), made, 'asked for less')
    if (stage.column.features.includes('ids')) t.strictSame(await stage.open(opener, `id:${made.id}`, {}), made)
    await t.rejects(stage.open(opener, ref, { exclusive: true }), { code: 'EXISTS' })
    await t.rejects(stage.open(opener, ref, { capacity: 4098 }), { code: 'CAPACITY' })
  })

  await stage.pairs(t, 'who only reads', ANY, async (t, writer, reader) => {
    const { ref } = await stage.meet(t, [writer])
    await writer.write('to be read')
    await stage.open(reader, ref, { readOnly: true })
    t.equal(String(await reader.read()), 'to be read')
    await t.rejects(reader.write('x'), { code: 'READ_ONLY' })
  })

  await stage.pairs(t, 'destroyed', ANY, async (t, destroyer, other) => {
    const { ref, facts } = await stage.meet(t, [destroyer, other])
    await other.write('gone')
    await stage.destroy(destroyer, ref)
    for (const call of ['read', 'write', 'snapshot']) await t.rejects(other.ask(call), { code: 'DESTROYED' }, call)
    await t.rejects(stage.open(other, ref, { create: false }), { code: 'NOT_FOUND' })
    await t.rejects(stage.destroy(other, ref), { code: 'NOT_FOUND' })
    t.equal(stage.column.sets(ref).length, 0)
    const again = await stage.open(other, ref)
    t.not(again.incarnation, facts.incarnation)
    t.equal(await other.write('again'), 1)
    await stage.open(destroyer, ref)
    t.equal(String(await destroyer.read()), 'again')
  })
})
