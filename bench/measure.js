'use strict'

const quantile = (numbers, q) => numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * q))]

/** Nanoseconds a call, on the clock or of the processor's time in this process; or what the side itself has measured. */
async function time (side, calls, clock) {
  const cpu = process.cpuUsage()
  const began = process.hrtime.bigint()
  const own = await side(calls)
  if (typeof own === 'number') return own
  const wall = Number(process.hrtime.bigint() - began)
  const { user, system } = process.cpuUsage(cpu)
  return (clock === 'cpu' ? (user + system) * 1000 : wall) / calls
}

/**
 * @typedef {object} BenchCase
 * @property {string} id as in the table of numbers
 * @property {string} title
 * @property {number} calls in a round
 * @property {(calls: number) => unknown} ours makes that many calls, may be async; gives nanoseconds if it measures by itself
 * @property {(calls: number) => unknown} floor the same of what it is compared with
 * @property {number} [bar] without one, it is shown to explain others
 * @property {boolean} [atLeast] the ratio is floor / ours, and more is better
 * @property {'wall' | 'cpu'} [clock]
 */

/** @param {BenchCase} benchCase */
async function measure (benchCase, rounds) {
  const { ours, floor, calls, atLeast, clock } = benchCase
  const times = { ours: [], floor: [] }
  const ratios = []
  for (let round = -2; round < rounds; round++) {
    const b = await time(floor, calls, clock)
    const a = await time(ours, calls, clock)
    if (round < 0) continue // warm-up
    times.ours.push(a)
    times.floor.push(b)
    ratios.push(atLeast ? b / a : a / b)
  }
  const { id, title, bar } = benchCase
  return {
    id,
    title,
    bar,
    atLeast,
    ours: quantile(times.ours, 0.5),
    floor: quantile(times.floor, 0.5),
    ratio: quantile(ratios, 0.5),
    low: quantile(ratios, 0.25),
    high: quantile(ratios, 0.75)
  }
}

module.exports = { measure, quantile }
