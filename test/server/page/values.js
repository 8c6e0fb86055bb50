'use strict'

const shm = require('shmnode')
const { openPage } = require('../../helpers/browser')
const { PIXEL, content, fact, inBrowser, kinds, makeSegment, show, writeElsewhere } = require('../../helpers/page')
const { listen, uniqueKey } = require('../../helpers/server')

const JSON_TYPE = 'application/json'

inBrowser((visit, browser) => {
  visit('all segments, and one that changes', async t => {
    const { page, name } = await show(t, browser, { value: '{"n":12345678901234567890,"list":[],"on":true}', mediaType: JSON_TYPE })
    const row = page.locator('tbody tr', { hasText: name })
    t.match(await row.innerText(), /46 B\s+1\s+(now|\d+ s)\s+\d+/)
    t.equal(await row.locator('a').getAttribute('aria-current'), 'true')
    t.equal(await page.locator('.badge').count(), 1, 'the default segment is marked')
    t.equal(await page.locator('.content').innerText(), '{\n  "n": 12345678901234567890,\n  "list": [],\n  "on": true\n}')
    const pid = await writeElsewhere(name, 'written by another process', 'text/plain')
    await content(page, 'written by another process')
    await fact(page, 'Version', '2')
    await fact(page, 'Writer', String(pid))
    t.same(await kinds(page), ['Text', 'Hex'])
    await page.locator('[role=status]', { hasText: 'version 2' }).first().waitFor({ state: 'attached' })
    await row.filter({ hasText: String(pid) }).waitFor()
    await page.locator('.chart .legend .latency', { hasText: /\d ms/ }).waitFor()
  })

  visit('segments that cannot be opened say why', async t => {
    const key = uniqueKey(t)
    const unnamed = await shm.open(key)
    const dots = await shm.open('..', { exclusive: true })
    t.teardown(() => Promise.all([unnamed.close(), dots.destroy()]))
    const { page } = await show(t, browser, { value: 'open' })
    for (const [name, reason] of [[`key ${unnamed.key}`, 'no name'], ['..', 'browsers cannot ask for it']]) {
      const row = page.locator('tbody tr').filter({ has: page.locator('.unnamed', { hasText: name }) }).first()
      await row.getByText(reason).waitFor()
      t.equal(await row.locator('a').count(), 0, `${name} is no link`)
    }
  })

  visit('a raw default segment', async t => {
    const { fastify, port } = await listen(t, { segment: { layout: 'raw', nulTerminated: true } })
    const { name, segment } = await makeSegment(t)
    await segment.write('a named one')
    const page = await openPage(t, browser, `http://127.0.0.1:${port}/`)
    await page.locator('.title .status.live').waitFor()
    t.equal(await page.locator('.badge').count(), 0, 'it is not among those that are listed')
    await page.locator('tbody').getByText(name, { exact: true }).click()
    await content(page, 'a named one')
    await page.getByLabel('New value').fill('written')
    await page.getByRole('button', { name: 'Write' }).click()
    await page.getByText('Written: version 2').first().waitFor()
    t.equal((await fastify.inject('/read')).body, '', 'the raw one is as it was')
    await page.goto(`http://127.0.0.1:${port}/#/`)
    await page.getByText('There is no such segment. Choose one').waitFor()
  })

  visit('as what it can be shown', async t => {
    const { page, segment } = await show(t, browser, { value: PIXEL, mediaType: 'image/png', capacity: 2 ** 22 })
    await page.waitForFunction(() => document.querySelector('.picture img')?.naturalWidth === 1)
    t.same(await kinds(page), ['Hex', 'Image'])
    await page.getByLabel('Hex').check()
    await content(page, '000000  89 50 4e 47')
    await segment.write(Buffer.of(0xff, 0xfe))
    await content(page, '000000  ff fe')
    t.same(await kinds(page), [], 'one kind is no choice')
    await segment.write('')
    await page.getByText('An empty value.').waitFor()
    await segment.write('ab\u0000c')
    await content(page, '61 62 00 63')
    await segment.write(`${'x'.repeat(2 ** 21)}the end`)
    await page.getByLabel('Text').check()
    await page.getByText('The beginning of 2 MiB').waitFor()
    await page.getByRole('button', { name: 'Show all of it' }).click()
    await page.waitForFunction(() => document.querySelector('.content')?.textContent.endsWith('the end'))
  })

  visit('markup is text', async t => {
    const markup = '<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</' + 'script>'
    const { page, segment } = await show(t, browser, { value: markup, mediaType: 'text/html' })
    await content(page, markup)
    await segment.write(JSON.stringify({ [markup]: markup }), { mediaType: `${markup.slice(0, 30)}/json` })
    await content(page, '{\n  "<img')
    await segment.write(`<svg xmlns="http://www.w3.org/2000/svg" width="5" height="5"><script>window.hacked = 1</${'script'}><circle r="5"/></svg>`, { mediaType: 'image/svg+xml' })
    await page.waitForFunction(() => document.querySelector('.picture img')?.naturalWidth === 5)
    t.equal(await page.evaluate(() => window.hacked), undefined)
    t.equal(await page.evaluate(() => document.querySelectorAll('main img:not(.picture img), main script').length), 0)
  })
})
