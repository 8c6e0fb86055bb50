'use strict'

const { existsSync, mkdirSync } = require('node:fs')
const path = require('node:path')
const { chromium } = require('playwright-core')

const PROGRAM = '/usr/bin/chromium'
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
/** Without what npm run test:asan loads into Node.js, which a browser does not survive. */
const { LD_PRELOAD, ...ENVIRONMENT } = process.env
/** A watchdog: this many milliseconds for what takes well under one second on an idle machine. */
const PATIENCE = 60_000

/** By test. */
const wrongs = new WeakMap()

/** Why tests that need a browser must be skipped, or false. */
const noBrowser = existsSync(PROGRAM) ? false : `there is no ${PROGRAM}`

/** A browser, which ends with the test. */
async function launchBrowser (t) {
  const browser = await chromium.launch({ executablePath: PROGRAM, args: ARGUMENTS, env: ENVIRONMENT })
  t.teardown(() => browser.close())
  return browser
}

/**
 * Opens a page of its own. What goes wrong in it (errors of scripts, offences against the policy for content, dialogs) is for
 * `nothingWrong` to tell, but for answers whose status the test expects.
 * @param {object} t
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {import('playwright-core').BrowserContextOptions & { expected?: number[] }} [options]
 */
async function openPage (t, browser, url, { expected = [], ...options } = {}) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE)
  const wrong = wrongs.get(t) ?? []
  wrongs.set(t, wrong)
  page.on('pageerror', error => wrong.push(error.message))
  page.on('dialog', dialog => wrong.push(`dialog: ${dialog.message()}`))
  page.on('console', message => { if (message.type() === 'error' && !isExpected(message.text(), expected)) wrong.push(message.text()) })
  t.teardown(() => context.close())
  await page.goto(url)
  return page
}

/** Checks that nothing went wrong in the pages of a test. */
function nothingWrong (t) {
  t.same(wrongs.get(t), [], 'nothing went wrong in the page')
}

function isExpected (text, statuses) {
  return statuses.some(status => text.includes(`status of ${status}`)) || (statuses.includes('offline') && text.includes('net::ERR_'))
}

/** A picture of the whole page; kept in the folder that SCREENSHOTS names, if it does. */
async function picture (page, name) {
  const folder = process.env.SCREENSHOTS
  if (folder) mkdirSync(folder, { recursive: true })
  return page.screenshot({ fullPage: true, ...(folder && { path: path.join(folder, `${name}.png`) }) })
}

module.exports = { noBrowser, launchBrowser, openPage, nothingWrong, picture }
