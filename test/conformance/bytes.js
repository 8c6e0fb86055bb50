'use strict'

// Raw segments: the bytes that other programs use, under a lock that programs of ours agree on.

const raw = require('../helpers/raw')
const { overColumns } = require('./lib/suite')

const ANY = [[], []]
const CAPACITY = 5000
const RAW_SEMAPHORES = 5

overColumns(['bytes'], async (t, stage) => {
  const { column } = stage

  await stage.pairs(t, 'all bytes, and parts of them', ANY, async (t, writer, reader) => {
    const { facts } = await stage.meet(t, [writer, reader], { capacity: CAPACITY })
    const expected = Buffer.alloc(CAPACITY)
    const parts = [[0, CAPACITY], [0, 1], [CAPACITY - 1, 1], [1234, 2345], [CAPACITY, 0], [0, 0], [4095, 2]]
    for (const [i, [offset, length]] of parts.entries()) {
      const data = Buffer.alloc(length, 17 * (i + 1))
      data.copy(expected, offset)
      await writer.write(data, { offset })
      t.ok(expected.equals(await reader.read()), `${length} bytes at ${offset}`)
    }
    t.ok(expected.equals(await column.peek(facts, 0, CAPACITY)), 'from the segment\'s beginning on')
  })

  await stage.pairs(t, 'over the end', ANY, async (t, writer, reader) => {
    await stage.meet(t, [writer, reader], { capacity: 100 })
    await writer.write('x'.repeat(100))
    for (const [offset, length] of [[0, 101], [1, 100], [100, 1], [101, 0], [2 ** 52, 1]]) {
      await t.rejects(writer.write(Buffer.alloc(length, 'y'), { offset }), { code: 'TOO_LARGE' }, `${length} bytes at ${offset}`)
    }
    t.equal(String(await reader.read()), 'x'.repeat(100), 'nothing has changed')
  })

  await stage.each(t, 'a segment of another program', [], async (t, driver) => {
    for (const bytes of [1, 8, 2048, 4096, 16384]) {
      const made = await column.make(t, bytes)
      await column.poke(made, 0, Buffer.alloc(bytes, 'theirs'))
      const { capacity } = await stage.open(driver, made.ref, {})
      t.equal(Number(capacity), bytes)
      t.ok((await column.peek(made, 0, bytes)).equals(Buffer.alloc(bytes, 'theirs')), 'not a byte is changed by opening it')
      t.equal(column.sets(made.ref)[0].nsems, RAW_SEMAPHORES, 'it has a lock now')
      t.ok((await driver.read()).equals(Buffer.alloc(bytes, 'theirs')))
      raw.removeSet(column.sets(made.ref)[0].semid)
    }
  })

  await stage.pairs(t, 'zeros beside a raw segment\'s lock are no cell', ANY, async (t, driver, other) => {
    const { ref, facts } = await stage.meet(t, [driver], { capacity: 4 * 4096 })
    for (const options of [{}, { create: false }, { readOnly: true }]) await t.rejects(other.ask('open', { ref, ...options }), { code: 'LAYOUT' })
    await t.rejects(other.ask('destroy', { ref }), { code: 'LAYOUT' })
    t.ok((await column.peek(facts, 0, 4 * 4096)).equals(Buffer.alloc(4 * 4096)))
    await driver.write('still here')
  })

  await stage.pairs(t, 'a cell is no raw segment', ANY, async (t, maker, other) => {
    const ref = column.reference()
    t.teardown(() => maker.ask('destroy', { ref }))
    const facts = await maker.ask('open', { ref })
    await maker.write('a value')
    const before = await column.peek(facts, 0, 4 * 4096)
    for (const options of [{}, { create: false }, { readOnly: true }]) await t.rejects(stage.open(other, ref, options), { code: 'LAYOUT' })
    await t.rejects(stage.destroy(other, ref), { code: 'LAYOUT' })
    t.ok((await column.peek(facts, 0, 4 * 4096)).equals(before))
    t.equal(await maker.write('another'), 2)
  })

  await stage.pairs(t, 'made and destroyed', ANY, async (t, maker, other) => {
    const ref = stage.reference(t)
    await t.rejects(stage.open(other, ref, { create: false }), { code: 'NOT_FOUND' })
    const made = await stage.open(maker, ref, { capacity: 100, exclusive: true })
    t.strictSame(await stage.open(other, ref, { capacity: 100, create: false }), made)
    await t.rejects(stage.open(other, ref, { capacity: 101 }), { code: 'CAPACITY' })
    await t.rejects(stage.open(other, ref, { exclusive: true }), { code: 'EXISTS' })
    await stage.open(other, ref, { readOnly: true })
    await t.rejects(other.write('x'), { code: 'READ_ONLY' })
    await stage.destroy(maker, ref)
    await t.rejects(other.read(), { code: 'DESTROYED' })
    t.equal(column.sets(ref).length, 0)
    await t.rejects(stage.destroy(other, ref), { code: 'NOT_FOUND' })
  })

  await stage.pairs(t, 'its lock was removed', ANY, async (t, driver, other) => {
    const { ref } = await stage.meet(t, [driver], { capacity: 5 })
    await driver.write('stays')
    raw.removeSet(column.sets(ref)[0].semid)
    for (const call of ['read', 'write']) await t.rejects(driver.ask(call), { code: 'DESTROYED' }, call)
    await stage.open(other, ref, { create: false })
    await stage.open(driver, ref, { create: false })
    t.equal(String(await driver.read()), 'stays')
  })
}, { raw: true })
