'use strict'

const now = () => Number(process.hrtime.bigint())

/** Nanoseconds a call, of as many calls as fill the time: batches of twice as many each. */
async function timed (call, milliseconds) {
  const began = now()
  let calls = 0
  for (let batch = 1; ; batch *= 2) {
    for (let i = 0; i < batch; i++) {
      const pending = call()
      if (pending instanceof Promise) await pending // a call that is none would pay for a turn of microtasks
    }
    calls += batch
    const took = now() - began
    if (took >= milliseconds * 1e6 / 2) return took / calls
  }
}

/** The same of so many calls at once. */
async function timedAtOnce (width, call, milliseconds) {
  const began = now()
  let calls = 0
  do {
    await Promise.all(Array.from({ length: width }, call))
    calls += width
  } while (now() - began < milliseconds * 1e6)
  return (now() - began) / calls
}

const MOST_SAMPLES = 20_000

/** What each call took, for so long; three calls at least. */
async function sampled (call, milliseconds) {
  const samples = []
  for (const end = now() + milliseconds * 1e6; samples.length < MOST_SAMPLES && (samples.length < 3 || now() < end);) samples.push(await call())
  return samples
}

module.exports = { now, timed, timedAtOnce, sampled }
