'use strict'

// The ways of making many calls.

/** One after the other. */
const sequentially = call => async calls => {
  for (let i = 0; i < calls; i++) await call()
}

/** So many at once, then the next so many. */
const concurrently = (width, call) => async calls => {
  for (let i = 0; i < calls; i += width) await Promise.all(Array.from({ length: width }, call))
}

/** So many Promises at once, which one call settles. */
const together = (width, call) => async calls => {
  for (let i = 0; i < calls; i += width) {
    const settle = []
    const promises = Array.from({ length: width }, () => new Promise(resolve => settle.push(resolve)))
    const value = await call()
    settle.forEach(resolve => resolve(value))
    await Promise.all(promises)
  }
}

/** Without a Promise. */
const synchronously = call => calls => {
  for (let i = 0; i < calls; i++) call()
}

module.exports = { sequentially, concurrently, together, synchronously }
