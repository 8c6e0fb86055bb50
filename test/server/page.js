'use strict'

/* global getComputedStyle, Node */ // of the browser

const t = require('tap')
const shm = require('shmnode')
const { noBrowser, launchBrowser, openPage, nothingWrong, picture } = require('../helpers/browser')
const { run } = require('../helpers/run')
const { build, listen, launch, start, uniqueKey, uniqueName, isProblem, request } = require('../helpers/server')

const JSON_TYPE = 'application/json'
// A picture of one point.
const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')

/** Writes in a process of its own, and gives its id. */
function writeElsewhere (name, text, mediaType) {
  return run(async (shm, name, text, mediaType) => {
    const segment = await shm.open(name)
    await segment.write(text, mediaType === undefined ? {} : { mediaType })
    await segment.close()
    return process.pid
  }, [name, text, ...(mediaType === undefined ? [] : [mediaType])])
}

/** A test in which nothing may go wrong in its pages. */
function visit (t, name, fn) {
  t.test(name, async t => {
    await fn(t)
    nothingWrong(t)
  })
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

const content = (page, text) => page.locator('.content', { hasText: text }).waitFor()
const fact = (page, name, text) => page.locator('.facts div', { hasText: name }).locator('dd', { hasText: text }).waitFor()
const kinds = page => page.locator('.kinds label').allInnerTexts()

t.test('the files of the page', async t => {
  const { fastify } = await build(t, { tokens: [{ token: 'secret', access: 'read' }] })
  const page = await fastify.inject('/')
  t.match(page, { statusCode: 200, headers: { 'content-type': /^text\/html/, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' } }, 'without a token')
  const policy = page.headers['content-security-policy']
  t.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/)
  t.notMatch(policy, /unsafe/)
  t.notMatch(page.body, /<style|style=|<script(?![^>]* src=)|\son\w+=/, 'nothing inline')
  const names = [...page.body.matchAll(/(?:src|href)="([^":]+\.(?:mjs|css))"/g)].map(match => match[1])
  t.ok(names.length >= 3)
  for (const name of [...names, 'vendor/preact.mjs', 'vendor/uplot.mjs']) {
    t.match(await fastify.inject(`/${name}`), { statusCode: 200, headers: { 'content-type': /^(text|application)\/(css|javascript)/, 'content-security-policy': policy } }, name)
  }
  t.equal((await fastify.inject({ url: '/', headers: { 'if-none-match': page.headers.etag } })).statusCode, 304)
  isProblem(t, await fastify.inject({ url: '/package.json', headers: { authorization: 'Bearer secret' } }), 404, 'ERR_ROUTE_NOT_FOUND')
  isProblem(t, await fastify.inject('/segments'), 401, 'ERR_TOKEN')
  t.notOk(Object.keys((await fastify.inject('/docs/json')).json().paths).some(path => /mjs|css|html/.test(path)), 'no part of the interface')
})

t.test('in a browser', { skip: noBrowser }, async t => {
  const browser = await launchBrowser(t)

  visit(t, 'all segments, and one that changes', async t => {
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

  visit(t, 'segments that cannot be opened say why', async t => {
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

  visit(t, 'a raw default segment', async t => {
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

  visit(t, 'as what it can be shown', async t => {
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

  visit(t, 'markup is text', async t => {
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

  visit(t, 'write', async t => {
    const { page, segment } = await show(t, browser)
    await page.getByText('Nothing was written yet.').waitFor()
    await page.getByLabel('New value').fill('{"a":1}')
    await page.getByLabel('Media type').selectOption('JSON')
    await page.getByRole('button', { name: 'Write' }).click()
    await page.getByText('Written: version 1').first().waitFor()
    t.match(await segment.snapshot(), { data: Buffer.from('{"a":1}'), mediaType: JSON_TYPE })
  })

  visit(t, 'a mistake is explained', async t => {
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

  visit(t, 'a file', async t => {
    const { page, segment } = await show(t, browser, { value: 'text' })
    await page.locator('input[type=file]').setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: PIXEL })
    await page.locator('.editor').getByText('dot.png').waitFor()
    await page.getByRole('button', { name: 'Write' }).click()
    await page.locator('.picture img').waitFor()
    t.match(await segment.snapshot(), { data: PIXEL, mediaType: 'image/png' })
  })

  visit(t, 'somebody else writes first', async t => {
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

  visit(t, 'an empty box replaces only what one sees', async t => {
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

  visit(t, 'an empty value, where there is nothing, or nobody else wrote', async t => {
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

  visit(t, 'by the keyboard alone', async t => {
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

  visit(t, 'in the dark', async t => {
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

  visit(t, 'on a phone', async t => {
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

  visit(t, 'with tokens', async t => {
    const tokens = [{ token: 'look', access: 'read' }, { token: 'touch', access: 'write' }]
    const { fastify, port } = await listen(t, { tokens })
    await fastify.shm.segment.use(segment => segment.write('secret'))
    const page = await openPage(t, browser, `http://127.0.0.1:${port}/`, { expected: [401, 403] })
    const enter = async token => {
      await page.getByLabel('Token', { exact: true }).fill(token)
      await page.keyboard.press('Enter')
    }
    await enter('wrong')
    await page.getByText('does not accept this token').waitFor()
    await enter('look')
    await content(page, 'secret')
    await page.getByLabel('New value').fill('mine')
    await page.getByRole('button', { name: 'Write' }).click()
    await page.getByRole('alert').filter({ hasText: 'for reading only' }).waitFor()
    await page.reload()
    await content(page, 'secret')
    t.same(await page.evaluate(() => [{ ...sessionStorage }, { ...localStorage }, document.cookie]), [{ 'shmnode-token': 'look' }, {}, ''])
    await page.getByRole('button', { name: 'Forget the token' }).click()
    await enter('touch')
    await page.getByLabel('New value').fill('mine')
    await page.getByRole('button', { name: 'Write' }).click()
    await content(page, 'mine')
  })

  visit(t, 'a segment goes and comes again', async t => {
    const { page, segment, name } = await show(t, browser, { value: 'old', expected: [404] })
    await content(page, 'old')
    await segment.destroy()
    await page.getByText('This segment was destroyed.').waitFor()
    for (const name of ['Version', 'Size', 'Writer']) await fact(page, name, /^–$/)
    const heard = page.locator('[role=status][aria-live]')
    await heard.filter({ hasText: `${name} was destroyed` }).waitFor({ state: 'attached' })
    await writeElsewhere(name, 'new')
    await content(page, 'new')
    await fact(page, 'Version', '1')
    t.notMatch(await heard.textContent(), /destroyed/, 'nobody is told so any more')
  })

  visit(t, 'the server goes and comes again', async t => {
    const { name, segment } = await makeSegment(t)
    await segment.write('before')
    const env = { SHM_KEY: uniqueName(t) }
    const first = await start(t, env)
    const page = await openPage(t, browser, `http://127.0.0.1:${first.port}/#/segments/${name}`, { expected: ['offline'] })
    await content(page, 'before')
    first.child.kill('SIGKILL')
    await page.getByText('server not reached').waitFor()
    await page.getByText('interrupted', { exact: true }).waitFor()
    t.ok(await page.locator('.content', { hasText: 'before' }).isVisible(), 'what was known stays')
    await segment.write('after')
    launch(t, { ...env, PORT: String(first.port) })
    await content(page, 'after')
    await page.locator('header .status.live').waitFor()
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
