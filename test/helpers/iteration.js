'use strict'

// What `next` of a watch resolves to.

const DONE = { value: undefined, done: true }

const text = ({ value, done }) => done ? null : String(value.data)

module.exports = { DONE, text }
