'use strict'

const t = require('tap')
const fs = require('node:fs')
const path = require('node:path')
const { KNOWN_LAYOUT, ShmError, fromFailure, invalidType, invalidValue, outOfRange } = require('../../js/errors')

/** What some descriptions need besides. */
const details = { capacity: 2, length: 3, ifVersion: 4, waited: 5, maxPending: 6 }
const context = { label: 'segment \'prices\'', key: 5, name: 'prices' }

t.test('every code has its words', t => {
  const declared = fs.readFileSync(path.join(__dirname, '../../index.d.ts'), 'utf8').match(/(?<=')ERR_SHM_\w+(?=')/g)
  for (const code of new Set(declared)) {
    if (code === 'ERR_SHM_NOT_BUILT') continue
    const error = fromFailure({ code: code.replace('ERR_SHM_', ''), number: 1, reason: 'a reason' }, { ...context, ...details })
    t.equal(error.code, code)
    t.match(error.message, /^segment 'prices' \(key 0x00000005\) \w/)
    t.notMatch(error.message, /undefined|NaN|\[object/, `${code}: ${error.message}`)
  }
  t.end()
})

t.test('the core has no code that JavaScript does not know', t => {
  const header = fs.readFileSync(path.join(__dirname, '../../native/include/shmnode/result.hpp'), 'utf8')
  const [, names] = /kCodeNames = \{([^}]*)\}/.exec(header)
  for (const [, code] of names.matchAll(/"(\w+)"/g)) {
    if (code !== 'OK') t.doesNotThrow(() => fromFailure({ code }, context), code)
  }
  t.end()
})

t.test('the layout version is the core\'s', t => {
  const header = fs.readFileSync(path.join(__dirname, '../../native/include/shmnode/layout.hpp'), 'utf8')
  const [, major, minor] = /kLayoutMajor = (\d+);\n.*kLayoutMinor = (\d+);/.exec(header)
  t.strictSame(KNOWN_LAYOUT, { major: Number(major), minor: Number(minor) })
  t.end()
})

t.test('facts', t => {
  const error = fromFailure({ code: 'BUSY', errno: 11, syscall: 'semtimedop', holder: 99, number: 0 }, context)
  t.ok(error instanceof ShmError && error instanceof Error)
  t.strictSame({ ...error }, { code: 'ERR_SHM_BUSY', errno: 11, syscall: 'semtimedop', key: 5, segmentName: 'prices', holderPid: 99 })
  t.equal(error.name, 'ShmError')
  t.match(error.message, /process 99 holds its lock \(semtimedop: EAGAIN\)$/)
  const own = fromFailure({ code: 'TIMEOUT', holder: process.pid }, { ...context, waited: 20 })
  t.ok(own.message.endsWith(`was not had within 20 ms: process ${process.pid}, this one, holds its lock`), own.message)
  t.match(fromFailure({ code: 'BUSY', holder: 99 }, { ...context, lock: 'user lock' }).message, /process 99 holds its user lock$/)
  t.match(fromFailure({ code: 'BUSY' }, { ...context, lock: 'user lock' }).message, /its user lock is held$/)
  t.match(fromFailure({ code: 'DESTROYED', errno: 43, syscall: 'semtimedop' }, context).message, /\(semtimedop: EIDRM\)$/)
  const bare = fromFailure({ code: 'CLOSED' }, { label: 'private segment', key: null, name: null })
  t.strictSame(Object.keys(bare), ['code'], 'what does not apply is not there')
  t.equal(fromFailure({ code: 'VERSION_CONFLICT', number: 0 }, context).version, 0, 'version 0 applies')
  t.end()
})

t.test('a message tells key and name, whichever the caller knew', t => {
  const start = context => fromFailure({ code: 'CLOSED' }, context).message.replace(' is closed', '')
  t.equal(start({ label: "segment 'prices'", name: 'prices', key: -1 }), "segment 'prices' (key 0xffffffff)")
  t.equal(start({ label: 'segment 32140895', name: 'prices', key: 32140895 }), "segment 32140895 (name 'prices', key 0x01ea6e5f)")
  t.equal(start({ label: 'segment with id 7', name: null, key: 5 }), 'segment with id 7 (key 0x00000005)')
  t.equal(start({ label: 'private segment', name: null, key: null }), 'private segment')
  const error = fromFailure({ code: 'NOT_FOUND', key: 5 }, { label: "segment of ftok('/', 1)" })
  t.equal(error.message, "segment of ftok('/', 1) (key 0x00000005) is not there")
  t.equal(error.key, 5)
  t.end()
})

t.test('limits name the kernel setting', t => {
  const message = failure => fromFailure({ code: 'LIMIT', ...failure }, context).message
  t.match(message({ syscall: 'shmget', errno: 28 }), /kernel\.shmmni.*kernel\.shmall/)
  t.match(message({ syscall: 'shmget', errno: 22 }), /kernel\.shmmax/)
  t.match(message({ syscall: 'semget', errno: 28 }), /kernel\.sem/)
  t.end()
})

t.test('what to do about it', t => {
  const message = (failure, of = context) => fromFailure(failure, of).message
  t.match(message({ code: 'DESTROYED' }), /was destroyed: open it again$/)
  t.match(message({ code: 'DESTROYED' }, { label: "segment '/frame'", name: '/frame', lockKey: 5 }), /was destroyed: open it again$/)
  t.match(message({ code: 'DESTROYED' }, { label: 'private segment' }), /was destroyed$/, 'nobody can open it again')
  t.match(message({ code: 'CORRUPT', reason: 'checksum' }), /\(checksum\): the next write/)
  t.match(message({ code: 'CORRUPT', reason: 'slot count' }), /\(slot count\): shm\.destroy\(\)/)
  t.match(message({ code: 'CORRUPT', reason: 'semaphore' }), /\(semaphore\)$/, 'not of the segment')
  t.match(message({ code: 'NAME_COLLISION' }, { label: "segment '/frame'", lockKey: 5 }), /moved or copied: only rm removes it$/)
  t.match(message({ code: 'TIMEOUT', reason: 'semaphore' }, { ...context, waited: 5 }), /until somebody posts it/)
  t.end()
})

t.test('argument mistakes are Node\'s errors', t => {
  t.match(invalidType('x', 'of type number', '5'), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message: /"x" argument must be of type number. Received '5'/ })
  t.match(invalidValue('x', 'must not be odd', 5), { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE', message: /must not be odd. Received 5/ })
  t.match(outOfRange('x', '>= 1', 0), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE', message: /"x" is out of range.*>= 1. Received 0/ })
  t.notOk(invalidType('x', 'y', 1) instanceof ShmError)
  t.ok(invalidValue('x', 'y', 'z'.repeat(100_000)).message.length < 500, 'of bounded length')
  t.ok(invalidType('x', 'y', Buffer.alloc(100_000)).message.length < 500)
  const throwing = new Proxy(Buffer.alloc(1), {})
  t.doesNotThrow(() => invalidType('x', 'y', throwing), 'whatever was passed')
  t.end()
})
