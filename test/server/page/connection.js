'use strict'

const { openPage } = require('../../helpers/browser')
const { content, fact, inBrowser, makeSegment, show, writeElsewhere } = require('../../helpers/page')
const { launch, listen, start, uniqueName } = require('../../helpers/server')

inBrowser((visit, browser) => {
  visit('with tokens', async t => {
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

  visit('a segment goes and comes again', async t => {
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

  visit('the server goes and comes again', async t => {
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
