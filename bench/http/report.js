'use strict'

/** Milliseconds that the loop may be late, p99. */
const LATE = 10

const columns = [52, 18, 18, 8, 24, 20]
const row = cells => cells.map((cell, i) => i === 0 ? cell.padEnd(columns[i]) : String(cell).padStart(columns[i] ?? 0)).join(' ')

const heading = row(['ours / theirs', 'requests/s', 'ratio (quartiles)', 'bar', 'us of processor, ratio', 'loop late, p99 ms'])

function report ({ title, bar, rate, cpu, late }) {
  return row([
    title,
    `${rate.ours.toFixed(0)} / ${rate.theirs.toFixed(0)}`,
    `${rate.ratio.toFixed(2)} (${rate.low.toFixed(2)}-${rate.high.toFixed(2)})`,
    bar === undefined ? '' : `>= ${bar}`,
    `${cpu.ours.toFixed(1)} / ${cpu.theirs.toFixed(1)}, ${cpu.ratio.toFixed(2)}`,
    `${late.ours.toFixed(1)} / ${late.theirs.toFixed(1)}`
  ]) + verdict({ bar, rate, late })
}

function verdict ({ bar, rate, late }) {
  if (bar === undefined) return ''
  const short = [...(rate.ratio < bar ? ['rate'] : []), ...(late.ours >= LATE ? ['loop'] : [])]
  return short.length === 0 ? '  reached' : `  short: ${short.join(', ')}`
}

module.exports = { report, heading }
