'use strict'

// A server, a segment and a page that shows it, for the tests in a browser.

const t = require('tap')
const shm = require('shmnode')
const { noBrowser, launchBrowser, openPage, nothingWrong } = require('./browser')
const { run } = require('./run')
const { listen, uniqueName } = require('./server')

/** A picture of one point. */
const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')

/** `fn(visit, browser)`: `visit(name, test)` is a test in which nothing may go wrong in its pages. */
function inBrowser (fn) {
  t.test('in a browser', { skip: noBrowser }, async t => {
    const browser = await launchBrowser(t)
    const visit = (name, test) => t.test(name, async t => {
      await test(t)
      nothingWrong(t)
    })
    fn(visit, browser)
  })
}

/** Writes in a process of its own, and gives its id. */
function writeElsewhere (name, text, mediaType) {
  return run(async (shm, name, text, mediaType) => {
    const segment = await shm.open(name)
    await segment.write(text, mediaType === undefined ? {} : { mediaType })
    await segment.close()
    return process.pid
  }, [name, text, ...(mediaType === undefined ? [] : [mediaType])])
}

/** A segment with a name, closed when the test ends. */
async function makeSegment (t, options) {
  const name = uniqueName(t)
  const segment = await shm.open(name, options)
  t.teardown(() => segment.close())
  return { name, segment }
}

/** A server, a segment and a page that shows it. */
async function show (t, browser, { value, mediaType, capacity = 65536, ...options } = {}) {
  const { port } = await listen(t)
  const { name, segment } = await makeSegment(t, { capacity })
  if (value !== undefined) await segment.write(value, { mediaType })
  const page = await openPage(t, browser, `http://127.0.0.1:${port}/#/segments/${name}`, options)
  await page.waitForSelector('.status.live')
  return { page, name, segment, port }
}

/** Until the value that is shown has this text. */
const content = (page, text) => page.locator('.content', { hasText: text }).waitFor()
/** Until this fact says so. */
const fact = (page, name, text) => page.locator('.facts div', { hasText: name }).locator('dd', { hasText: text }).waitFor()

/** As what the value can be shown. */
const kinds = page => page.locator('.kinds label').allInnerTexts()

module.exports = { PIXEL, content, fact, inBrowser, kinds, makeSegment, show, writeElsewhere }
