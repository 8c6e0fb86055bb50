/**
 * Bytes as people read them: place, hexadecimal, characters.
 * @param {Uint8Array} bytes
 * @param {number} width how many to a line
 */
export function hexOf (bytes, width) {
  const lines = []
  for (let at = 0; at < bytes.length; at += width) lines.push(lineOf(bytes.subarray(at, at + width), at, width))
  return lines.join('\n')
}

function lineOf (bytes, at, width) {
  const pairs = Array.from(bytes, byte => byte.toString(16).padStart(2, '0'))
  const characters = Array.from(bytes, byte => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')
  return `${at.toString(16).padStart(6, '0')}  ${pairs.join(' ').padEnd(width * 3 - 1)}  ${characters.join('')}`
}
