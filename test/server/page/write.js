'use strict'

const { picture } = require('../../helpers/browser')
const { PIXEL, content, inBrowser, show, writeElsewhere } = require('../../helpers/page')
const { request } = require('../../helpers/server')

const JSON_TYPE = 'application/json'

inBrowser((visit, browser) => {
  visit('write', async t => {
    const { page, segment } = await show(t, browser)
    await page.getByText('Nothing was written yet.').waitFor()
    await page.getByLabel('New value').fill('{"a":1}')
    await page.getByLabel('Media type').selectOption('JSON')
    await page.getByRole('button', { name: 'Write' }).click()
    await page.getByText('Written: version 1').first().waitFor()
    t.match(await segment.snapshot(), { data: Buffer.from('{"a":1}'), mediaType: JSON_TYPE })
  })

  visit('a mistake is explained', async t => {
    const { page, segment } = await show(t, browser, { expected: [400, 413], capacity: 10 })
    await page.getByLabel('New value').fill('{"a":')
    await page.getByLabel('Media type').selectOption('JSON')
    await page.getByRole('button', { name: 'Write' }).click()
    await page.getByRole('alert').filter({ hasText: 'not valid JSON' }).waitFor()
    await page.getByLabel('New value').fill('[1,2,3,4,5,6]')
    await page.getByRole('button', { name: 'Write' }).click()
    await page.getByRole('alert').filter({ hasText: 'larger than the capacity' }).waitFor()
    t.equal(segment.version, 0)
  })

  visit('a file', async t => {
    const { page, segment } = await show(t, browser, { value: 'text' })
    await page.locator('input[type=file]').setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: PIXEL })
    await page.locator('.editor').getByText('dot.png').waitFor()
    await page.getByRole('button', { name: 'Write' }).click()
    await page.locator('.picture img').waitFor()
    t.match(await segment.snapshot(), { data: PIXEL, mediaType: 'image/png' })
  })

  visit('somebody else writes first', async t => {
    const { page, segment, name } = await show(t, browser, { value: 'one\ntwo', expected: [412] })
    const text = page.getByLabel('New value')
    const write = page.getByRole('button', { name: 'Write' })
    const conflict = page.locator('.conflict')
    await page.getByRole('button', { name: 'Edit the value' }).click()
    t.equal(await text.inputValue(), 'one\ntwo')
    await text.fill('one\nmine')
    const pid = await writeElsewhere(name, 'one\ntheirs')
    await page.locator('.stale', { hasText: 'version 2' }).waitFor()
    await write.click()
    await conflict.getByText(`You began with version 1. It is version 2 now, by process ${pid}.`).waitFor()
    t.same(await conflict.locator('pre').allInnerTexts(), ['one\ntheirs', 'one\nmine'])
    t.same(await conflict.locator('mark').allInnerTexts(), ['theirs', 'mine'])
    t.equal(await page.evaluate(() => document.activeElement.id), 'conflict-title', 'who uses the keyboard is there')
    t.equal(String(await segment.read()), 'one\ntheirs', 'nothing is lost')
    await picture(page, 'conflict')

    await conflict.getByRole('button', { name: 'Take theirs' }).click()
    t.equal(await text.inputValue(), 'one\ntheirs')
    await text.fill('one\nboth')
    await write.click()
    await page.getByText('Written: version 3').first().waitFor()

    await text.fill('one\nmine again')
    await segment.write('fourth')
    await write.click()
    await conflict.waitFor()
    await segment.write('fifth')
    await conflict.getByRole('button', { name: 'Overwrite' }).click()
    await conflict.getByText('It is version 5 now').waitFor()
    t.equal(String(await segment.read()), 'fifth', 'one that was not seen is not overwritten')
    await conflict.getByRole('button', { name: 'Overwrite' }).click()
    await page.getByText('Written: version 6').first().waitFor()
    t.equal(String(await segment.read()), 'one\nmine again')

    await segment.write('seventh')
    await page.getByLabel('Only if nobody else wrote').uncheck()
    await write.click()
    await page.getByText('Written: version 8').first().waitFor()
  })

  visit('an empty box replaces only what one sees', async t => {
    const { page, segment } = await show(t, browser, { value: 'seen', expected: [412] })
    await content(page, 'seen')
    const write = page.getByRole('button', { name: 'Write' })
    const guard = page.getByLabel('Only if nobody else wrote since version 1')
    for (const isTicked of [true, false]) {
      await guard.setChecked(isTicked)
      // Too late for the page to show it.
      const theirs = async route => {
        await segment.write('not seen')
        await route.continue()
      }
      await page.route('**/segments/*', (route, request) => request.method() === 'PUT' ? theirs(route) : route.continue())
      await write.click()
      await page.locator('.conflict').getByText(/You began with version 1\. It is version [23] now/).waitFor()
      t.equal(String(await segment.read()), 'not seen', isTicked ? 'ticked' : 'not ticked')
      await page.unrouteAll()
      await page.getByRole('button', { name: 'Go on editing' }).click()
    }
  })

  visit('an empty value, where there is nothing, or nobody else wrote', async t => {
    const { page, segment, port, name } = await show(t, browser, { value: 'old', expected: [404] })
    await content(page, 'old')
    await segment.destroy()
    await page.getByText('This segment was destroyed.').waitFor()
    const write = page.getByRole('button', { name: 'Write' })
    for (const version of [1, 2]) {
      await write.click()
      await page.getByText(`Written: version ${version}`).first().waitFor()
    }
    t.match(await request(port, { path: `/segments/${name}` }), { statusCode: 200, body: '' })
  })
})
