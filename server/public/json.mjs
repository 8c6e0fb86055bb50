const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]/g
const STEP = '  '

/** @typedef {{ kind: 'key' | 'string' | 'number' | 'word' | 'mark', text: string }} Token */

/**
 * The tokens of a JSON text, with the white space between them that makes it easy to read. They stay as they are: JSON.parse and
 * JSON.stringify would change large numbers and drop double keys.
 * @param {string} text
 * @returns {Token[] | null} null if it is no JSON
 */
export function tokensOf (text) {
  try {
    JSON.parse(text)
  } catch {
    return null
  }
  return indent(text.match(TOKEN))
}

/** @param {Token[]} tokens */
export function textOf (tokens) {
  return tokens.map(({ text }) => text).join('')
}

function indent (texts) {
  const tokens = []
  let depth = 0
  for (const [i, text] of texts.entries()) {
    if (closes(text) && !opens(texts[i - 1])) tokens.push(lineEnd(--depth))
    else if (closes(text)) depth--
    tokens.push({ kind: kindOf(text, texts[i + 1]), text })
    if (opens(text)) depth++
    if (text === ',' || (opens(text) && !closes(texts[i + 1]))) tokens.push(lineEnd(depth))
    if (text === ':') tokens.push({ kind: 'mark', text: ' ' })
  }
  return tokens
}

const opens = text => text === '{' || text === '['
const closes = text => text === '}' || text === ']'
const lineEnd = depth => ({ kind: 'mark', text: `\n${STEP.repeat(depth)}` })

function kindOf (text, next) {
  if (text[0] === '"') return next === ':' ? 'key' : 'string'
  if (/^[-\d]/.test(text)) return 'number'
  return /^[tfn]/.test(text) ? 'word' : 'mark'
}
