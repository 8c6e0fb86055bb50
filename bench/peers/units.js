'use strict'

const digits = number => number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number.toFixed(2)

function scaled (number, steps) {
  const [limit, unit] = steps.findLast(([limit]) => number >= limit) ?? steps[0]
  return `${digits(number / (limit || 1))} ${unit}`
}

/** @type {Record<import('./cases').Metric['unit'], (value: number) => string>} */
const format = {
  ns: value => value < 1000 ? `${digits(value)} ns` : scaled(value, [[1e3, 'us'], [1e6, 'ms'], [1e9, 's']]),
  rate: value => value < 1000 ? `${digits(value)}/s` : scaled(value, [[1e3, 'k/s'], [1e6, 'M/s']]),
  share: value => `${digits(value * 100)} %`,
  bytes: value => Math.abs(value) < 1024 ? `${value} B` : scaled(Math.abs(value), [[1024, 'KiB'], [2 ** 20, 'MiB'], [2 ** 30, 'GiB']])
}

module.exports = { format }
