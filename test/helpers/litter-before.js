'use strict'

// Run by the runner before the first test: notes what is there already.

const { note } = require('./litter')

note()
