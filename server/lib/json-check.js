'use strict'

/**
 * The states between two bytes of a JSON text (RFC 8259), in the order of the grammar. What no rule below allows is WRONG, and stays so.
 */
const [
  WRONG, VALUE, ITEM_OR_END, KEY_OR_END, KEY, COLON, AFTER_VALUE, STRING, ESCAPE, U1, U2, U3, U4,
  MINUS, ZERO, DIGITS, POINT, FRACTION, E, E_SIGN, E_DIGITS, T, TR, TRU, F, FA, FAL, FALS, N, NU, NUL
] = Array(31).keys()
/** What the table says instead of a state where the state depends on more than the byte. */
const [BEGIN_STRING, BEGIN_KEY, END_STRING, BEGIN_ARRAY, BEGIN_OBJECT, END_ARRAY, END_OBJECT, COMMA] = Array.from({ length: 8 }, (_, i) => 31 + i)
const FIRST_ACTION = BEGIN_STRING

const DIGIT = '0123456789'
const WHITE = ' \t\n\r'
/** What may come where a number could end. */
const AFTER_NUMBER = [AFTER_VALUE, ZERO, DIGITS, FRACTION, E_DIGITS]

/** By state and byte: the next state, or an action. */
const TABLE = new Uint8Array(FIRST_ACTION << 8)

function rule (states, characters, next) {
  for (const state of [states].flat()) for (const byte of Buffer.from(characters)) TABLE[state << 8 | byte] = next
}

for (const state of [VALUE, ITEM_OR_END, KEY_OR_END, KEY, COLON]) rule(state, WHITE, state)
for (const [character, next] of Object.entries({ '"': BEGIN_STRING, '[': BEGIN_ARRAY, '{': BEGIN_OBJECT, '-': MINUS, 0: ZERO, t: T, f: F, n: N })) {
  rule([VALUE, ITEM_OR_END], character, next)
}
rule([VALUE, ITEM_OR_END], '123456789', DIGITS)
rule([KEY, KEY_OR_END], '"', BEGIN_KEY)
rule(COLON, ':', VALUE)
rule(ITEM_OR_END, ']', END_ARRAY)
rule(KEY_OR_END, '}', END_OBJECT)
rule(AFTER_NUMBER, WHITE, AFTER_VALUE)
rule(AFTER_NUMBER, ',', COMMA)
rule(AFTER_NUMBER, ']', END_ARRAY)
rule(AFTER_NUMBER, '}', END_OBJECT)

TABLE.fill(STRING, STRING << 8 | 0x20, (STRING + 1) << 8)
rule(STRING, '"', END_STRING)
rule(STRING, '\\', ESCAPE)
rule(ESCAPE, '"\\/bfnrt', STRING)
rule(ESCAPE, 'u', U1)
for (const [state, next] of [[U1, U2], [U2, U3], [U3, U4], [U4, STRING]]) rule(state, `${DIGIT}abcdefABCDEF`, next)

rule(MINUS, '0', ZERO)
rule(MINUS, '123456789', DIGITS)
rule(DIGITS, DIGIT, DIGITS)
rule([ZERO, DIGITS], '.', POINT)
rule([POINT, FRACTION], DIGIT, FRACTION)
rule([ZERO, DIGITS, FRACTION], 'eE', E)
rule(E, '+-', E_SIGN)
rule([E, E_SIGN, E_DIGITS], DIGIT, E_DIGITS)

for (const [word, states] of [['rue', [T, TR, TRU]], ['alse', [F, FA, FAL, FALS]], ['ull', [N, NU, NUL]]]) {
  states.forEach((state, i) => rule(state, word[i], states[i + 1] ?? AFTER_VALUE))
}

const OBJECT = 1
/** It is the value of a key `constructor`. */
const CONSTRUCTOR = 2
/** A key is not decoded if it is longer than `"prototype"` or `"constructor"` can be, all of it escaped. */
const LONGEST_KEY = 6 * 'constructor'.length + 2

/**
 * Whether bytes, which have to be UTF-8, are a text in JSON, and one that sets no prototype: found out a part at a time, without making
 * the values, which would take many times the memory of the text. What it refuses for `__proto__` and `constructor.prototype` is what
 * Fastify's own parser does, and the same where another key of that name comes after.
 */
class JsonCheck {
  #bytes
  #at = 0
  #state = VALUE
  #depth = 0
  /** A byte for each array and object that is open. */
  #open = new Uint8Array(64)
  #isKey = false
  #stringAt = 0
  /** The key before the value that comes is `constructor`. */
  #isConstructor = false

  /** @param {Buffer} bytes */
  constructor (bytes) {
    this.#bytes = bytes
  }

  /**
   * Looks at the bytes before `end`.
   * @returns {boolean} false if they cannot be the beginning of such a text
   */
  advance (end) {
    const bytes = this.#bytes
    let state = this.#state
    for (let at = this.#at; at < end; at++) {
      const next = TABLE[state << 8 | bytes[at]]
      state = next < FIRST_ACTION ? next : this.#act(next, at)
    }
    this.#at = end
    this.#state = state
    return state !== WRONG
  }

  /** Whether what has been looked at is a whole text. */
  get isWhole () {
    return this.#depth === 0 && AFTER_NUMBER.includes(this.#state)
  }

  #act (action, at) {
    switch (action) {
      case BEGIN_STRING: return this.#beginString(at, false)
      case BEGIN_KEY: return this.#beginString(at, true)
      case END_STRING: return this.#isKey ? this.#endKey(at) : AFTER_VALUE
      case BEGIN_ARRAY: return this.#begin(0, ITEM_OR_END)
      case BEGIN_OBJECT: return this.#begin(OBJECT | (this.#isConstructor ? CONSTRUCTOR : 0), KEY_OR_END)
      case END_ARRAY: return this.#end(0)
      case END_OBJECT: return this.#end(OBJECT)
      default: return this.#comma()
    }
  }

  #beginString (at, isKey) {
    this.#isKey = isKey
    this.#stringAt = at
    return STRING
  }

  #endKey (at) {
    const key = this.#nameAt(this.#stringAt, at + 1)
    this.#isConstructor = key === 'constructor'
    if (key === '__proto__') return WRONG
    return key === 'prototype' && (this.#open[this.#depth - 1] & CONSTRUCTOR) !== 0 ? WRONG : COLON
  }

  /** A key, if it may be one of those that matter. */
  #nameAt (begin, end) {
    const length = end - begin
    if (length < '"__proto__"'.length || length > LONGEST_KEY) return null
    return JSON.parse(this.#bytes.toString('latin1', begin, end))
  }

  #begin (kind, next) {
    if (this.#depth === this.#open.length) this.#grow()
    this.#open[this.#depth++] = kind
    this.#isConstructor = false
    return next
  }

  #end (kind) {
    if (this.#depth === 0 || (this.#open[this.#depth - 1] & OBJECT) !== kind) return WRONG
    this.#depth--
    this.#isConstructor = false
    return AFTER_VALUE
  }

  #comma () {
    if (this.#depth === 0) return WRONG
    return (this.#open[this.#depth - 1] & OBJECT) !== 0 ? KEY : VALUE
  }

  #grow () {
    const open = new Uint8Array(this.#open.length * 2)
    open.set(this.#open)
    this.#open = open
  }
}

module.exports = JsonCheck
