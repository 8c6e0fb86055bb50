'use strict'

// The golden vectors (vectors.json) hold for every implementation. native/test/vectors_test.cc and python/check_vectors.py are held to the
// same file without any of this.

const path = require('node:path')
const t = require('tap')
const { parseReference } = require('../../js/reference')
const { start } = require('../helpers/child')
const { keyOf, uniqueNameOf } = require('../helpers/keys')
const { PYTHON, pythonOnly } = require('../helpers/python')
const { OFFSETS } = require('../helpers/raw')
const { PYTHON_FOLDER } = require('./lib/implementations')
const { overColumns } = require('./lib/suite')
const vectors = require('./vectors.json')

const hex = digits => Buffer.from(digits, 'hex')

t.test('names and keys in JavaScript', async t => {
  for (const { name, key } of vectors.names) {
    t.equal(parseReference(name).key, key, name)
    t.equal(keyOf(name), key, `${name}, by the tests' own hash`)
  }
  for (const name of vectors.invalidNames) t.throws(() => parseReference(name), { code: 'ERR_INVALID_ARG_VALUE' }, JSON.stringify(name))
})

t.test('python/check_vectors.py', pythonOnly, async t => {
  const { code, stderr } = await start(t, PYTHON, [path.join(PYTHON_FOLDER, 'check_vectors.py'), path.join(__dirname, 'vectors.json')]).ended
  t.equal(code, 0, stderr)
})

/** All bytes of a segment. */
function bytesOf ({ bytes, image }) {
  const all = Buffer.alloc(bytes)
  for (const [offset, digits] of image) hex(digits).copy(all, offset)
  return all
}

/** As a segment that was made by other processes at another time, under another name. */
function comparable (bytes, name) {
  for (const [offset, length] of vectors.volatile) bytes.fill(0, offset, offset + length)
  bytes.fill(0, OFFSETS.name, OFFSETS.name + 64)
  bytes.write(name, OFFSETS.name)
  return bytes
}

overColumns(['header', 'versions', 'facts', 'checksum', 'names'], async (t, stage) => {
  const { column } = stage

  async function make (t, { bytes, image }) {
    const made = await column.make(t, bytes)
    for (const [offset, digits] of image) await column.poke(made, offset, hex(digits))
    return made
  }

  await stage.each(t, 'what a segment\'s bytes mean', [], async (t, driver) => {
    for (const segment of vectors.segments) {
      const { ref } = await make(t, segment)
      const { name, capacity, slots, checksum, minor, incarnation, value, what } = segment
      const facts = await stage.open(driver, ref, { readOnly: true })
      t.match(facts, { name, capacity: String(capacity), slots: String(slots), checksum: checksum ? '1' : '0', incarnation, layout: `1.${minor}` }, what)
      const { data, version, mediaType, writerPid, committed } = await driver.snapshot()
      const found = { version, data: data.toString('hex'), mediaType, writerPid, committed }
      const { committedNs, ...expected } = value
      t.strictSame(found, { ...expected, committed: Number(BigInt(committedNs) / 1_000_000n) }, what)
    }
  })

  await stage.each(t, 'what bytes a segment has', [], async (t, driver) => {
    for (const segment of vectors.segments.filter(({ writes }) => writes !== undefined)) {
      const { capacity, slots, checksum, writes, what } = segment
      const name = segment.name === '' ? '' : uniqueNameOf(Math.max(segment.name.length, 20))
      const facts = await stage.open(driver, stage.reference(t, name === '' ? undefined : column.named(name)), { capacity, slots, checksum })
      for (const { data, mediaType } of writes) await driver.write(hex(data), { type: mediaType })
      const actual = await column.peek(facts, 0, segment.bytes)
      t.ok(actual.readUInt32LE(OFFSETS.creator) === driver.pid && actual.readBigUInt64LE(OFFSETS.incarnation) !== 0n, `${what}: who made it`)
      t.ok(comparable(actual, name).equals(comparable(bytesOf(segment), name)), what)
    }
  })

  await stage.each(t, 'checksums', [], async (t, driver) => {
    const facts = await stage.open(driver, stage.reference(t), { checksum: true })
    for (const [i, { data, crc }] of vectors.crc32c.entries()) {
      await driver.write(hex(data))
      const stored = await column.peek(facts, OFFSETS.slot((i + 1) % 3) + 28, 4)
      t.equal(stored.readUInt32LE(), crc, data.slice(0, 32))
    }
  })

  await stage.each(t, 'what is refused, and left as it is', [], async (t, driver) => {
    for (const { what, base, changes, open, read } of vectors.refused) {
      const segment = vectors.segments[base]
      const made = await make(t, segment)
      for (const [offset, digits] of changes) await column.poke(made, offset, hex(digits))
      const before = await column.peek(made, 0, segment.bytes)
      const opened = stage.open(driver, made.ref, { readOnly: true })
      if (open) await t.rejects(opened, { code: open }, what)
      else await t.rejects(opened.then(() => driver.read()), { code: read }, what)
      t.ok(before.equals(await column.peek(made, 0, segment.bytes)), `${what}: unchanged`)
    }
  })
}, { raw: true })
