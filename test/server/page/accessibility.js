'use strict'

/* global getComputedStyle, Node */ // of the browser

const shm = require('shmnode')
const { picture } = require('../../helpers/browser')
const { content, inBrowser, show } = require('../../helpers/page')
const { uniqueName } = require('../../helpers/server')

const JSON_TYPE = 'application/json'

inBrowser((visit, browser) => {
  visit('by the keyboard alone', async t => {
    const { page, segment, port, name } = await show(t, browser, { value: '{"a":1}', mediaType: JSON_TYPE })
    await page.goto(`http://127.0.0.1:${port}/`)
    await page.getByText('Nothing was written yet.').waitFor()
    await tabTo(page, 'Skip to the value')
    await tabTo(page, name)
    t.equal(await page.evaluate(() => getComputedStyle(document.activeElement, '::after').outlineStyle), 'solid', 'one sees where one is')
    await page.keyboard.press('Enter')
    await content(page, '"a": 1')
    t.equal(new URL(page.url()).hash, `#/segments/${name}`)
    await tabTo(page, 'JSON')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await content(page, '7b 22 61 22')
    await tabTo(page, 'The value as Hex')
    await tabTo(page, 'Edit the value')
    t.not(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'none')
    await page.keyboard.press('Enter')
    await tabTo(page, 'New value')
    await page.keyboard.press('End')
    await page.keyboard.type(' ')
    await page.keyboard.press('Control+Enter')
    await page.getByText('Written: version 2').first().waitFor()
    t.equal(String(await segment.read()), '{"a":1} ')
  })

  visit('in the dark', async t => {
    const light = await show(t, browser, { value: '{"a":[1,"two",null]}' })
    const dark = await show(t, browser, { value: '{"a":[1,"two",null]}', colorScheme: 'dark' })
    for (const { page } of [light, dark]) await content(page, '"two"')
    t.ok(await worstContrast(light.page) >= 4.5, 'texts can be read')
    t.ok(await worstContrast(dark.page) >= 4.5, 'in the dark too')
    t.ok(await brightness(light.page) > 200)
    t.ok(await brightness(dark.page) < 50)
    t.ok((await picture(light.page, 'light')).length > 10_000)
    t.ok((await picture(dark.page, 'dark')).length > 10_000)
  })

  visit('on a phone', async t => {
    const value = JSON.stringify({ long: 'x'.repeat(500) })
    const { page, segment } = await show(t, browser, { value, viewport: { width: 375, height: 700 }, isMobile: true, hasTouch: true, expected: [412] })
    const long = `a_name_that_is_as_long_as_names_can_be_${uniqueName(t)}`.slice(0, 63)
    t.teardown(() => shm.destroy(long))
    await (await shm.open(long)).close()
    await page.locator('tbody tr', { hasText: long }).waitFor()
    t.equal(await brokenParts(page.locator('tbody a', { hasText: long })), 0, 'a name is broken between its words')
    await fits(t, page, 'JSON')
    await page.getByLabel('Hex').check()
    await content(page, '000000  7b')
    await fits(t, page, 'hexadecimal')
    await page.getByLabel('New value').fill('y'.repeat(300))
    await segment.write('z'.repeat(300))
    await content(page, '7a 7a')
    await page.getByRole('button', { name: 'Write' }).tap()
    await page.locator('.conflict').waitFor()
    await fits(t, page, 'a conflict')
    await picture(page, 'phone')
  })
})

/** Presses Tab until the focus is on what has this name. */
async function tabTo (page, name) {
  for (let presses = 0; presses < 500; presses++) {
    await page.keyboard.press('Tab')
    const found = await page.evaluate(() => {
      const { activeElement: element } = document
      return element.getAttribute('aria-label') ?? (element.labels?.[0] ?? element).textContent.trim()
    })
    if (found === name) return
  }
  throw new Error(`Tab does not lead to ${name}`)
}

/** How many of the texts of an element are on more than one line. */
function brokenParts (locator) {
  return locator.evaluate(element => [...element.childNodes].filter(node => {
    const range = document.createRange()
    range.selectNodeContents(node)
    return range.getClientRects().length > 1
  }).length)
}

async function fits (t, page, what) {
  t.equal(await page.evaluate(() => document.documentElement.scrollWidth), 375, `${what} is no wider than the screen`)
}

const brightness = page => page.evaluate(() => Math.max(...getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).map(Number)))

/** The least contrast of a text with what is behind it, as WCAG has it. */
function worstContrast (page) {
  return page.evaluate(() => {
    const parse = color => color.match(/[\d.]+/g).map(Number)
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
    const behind = element => {
      for (; element !== null; element = element.parentElement) {
        const color = parse(getComputedStyle(element).backgroundColor)
        if (color.length === 3 || color[3] === 1) return color
      }
      return [255, 255, 255]
    }
    const texts = [...document.querySelectorAll('#page *')].filter(element => !element.disabled && element.checkVisibility() &&
      [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim() !== ''))
    return Math.min(...texts.map(element => {
      const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a)
      return (a + 0.05) / (b + 0.05)
    }))
  })
}
