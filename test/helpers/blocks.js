'use strict'

/** The code blocks of a text in Markdown that are in this language. */
function blocks (text, language) {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(match => match[1])
}

module.exports = { blocks }
