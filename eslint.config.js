'use strict'

const neostandard = require('neostandard')

module.exports = [
  ...neostandard({ ts: true, ignores: ['build/**', 'prebuilds/**', '.tap/**'] }),
  {
    languageOptions: { sourceType: 'commonjs' }
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { sourceType: 'module' }
  }
]
