'use strict'

// So many places are open; calls go to one of them, and to all of them in turn.

const { timed } = require('../timing')

async function start ({ driver, spec }) {
  const places = []
  for (let i = 0; i < spec.count; i++) places.push(await driver.place({ ...spec, key: spec.key + i }, true))
  const source = Buffer.alloc(spec.size, 1)
  const target = Buffer.alloc(spec.size)
  for (const place of places) await place.write(source)
  let next = 0
  const turn = () => places.at(next++ % spec.count)
  return {
    async round (milliseconds) {
      const one = turn()
      const writeOne = await timed(() => one.write(source), milliseconds / 2)
      const readOne = await timed(() => one.read(target), milliseconds / 2)
      const write = await timed(() => turn().write(source), milliseconds)
      const read = await timed(() => turn().read(target), milliseconds)
      return { values: { writeOne, readOne, write, read } }
    },
    async end () { for (const place of places) await place.end() }
  }
}

module.exports = { start }
