const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
const AGES = [[86_400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']]

/** Three digits at most after which a unit comes. */
export function formatBytes (bytes) {
  const power = bytes === 0 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), BYTE_UNITS.length - 1)
  return `${short(bytes / 1024 ** power)} ${BYTE_UNITS[power]}`
}

/** @param {number | null} milliseconds null: never */
export function formatAge (milliseconds) {
  if (milliseconds === null) return 'never'
  const seconds = Math.floor(milliseconds / 1000)
  const [unit, name] = AGES.find(([unit]) => seconds >= unit) ?? [1, null]
  return name === null ? 'now' : `${Math.floor(seconds / unit)} ${name}`
}

/** @param {number | null} rate versions per second; null: not known yet */
export function formatRate (rate) {
  return rate === null ? '–' : `${short(rate)}/s`
}

/** @param {number | null} milliseconds null: not known */
export function formatLatency (milliseconds) {
  return milliseconds === null ? '–' : `${short(milliseconds)} ms`
}

/** A number with as many digits as say something. */
export function short (number) {
  if (number >= 100) return Math.round(number).toLocaleString('en')
  return String(Number(number.toPrecision(number >= 10 ? 3 : 2)))
}

/** @param {string | null} time as the server writes it */
export function formatTime (time) {
  return time === null ? 'never' : new Date(time).toLocaleString()
}
