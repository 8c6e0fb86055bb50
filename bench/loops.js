'use strict'

// The three ways of making many calls.

/** One after the other. */
const sequentially = call => async calls => {
  for (let i = 0; i < calls; i++) await call()
}

/** So many at once, then the next so many. */
const concurrently = (width, call) => async calls => {
  for (let i = 0; i < calls; i += width) await Promise.all(Array.from({ length: width }, call))
}

/** Without a Promise. */
const synchronously = call => calls => {
  for (let i = 0; i < calls; i++) call()
}

module.exports = { sequentially, concurrently, synchronously }
