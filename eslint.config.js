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
  },
  {
    // What runs in a browser.
    files: ['server/public/**/*.mjs'],
    languageOptions: { globals: Object.fromEntries(['location', 'matchMedia', 'getComputedStyle', 'ResizeObserver', 'sessionStorage'].map(name => [name, 'readonly'])) }
  }
]
