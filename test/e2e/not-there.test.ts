import { rmSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium } from '../support/chromium.ts'
import { makeTempDir } from '../support/make-temp-dir.ts'
import { openScreen, type Screen } from '../support/screen.ts'

// An address that is old or mistyped, in a real browser: what is not there, in words, and the way to what is.

describe.skipIf(!hasChromium)('an address of what is not there', () => {
  let screen: Screen | undefined
  let page: Page
  let origin = ''
  let dir = ''

  beforeAll(async () => {
    dir = makeTempDir()
    screen = await openScreen(['--data', dir])
    page = screen.page
    origin = screen.api.origin
  }, 120_000)

  afterAll(async () => {
    await screen?.close()
    if (dir !== '') rmSync(dir, { recursive: true, force: true })
  })

  const heading = () => page.getByRole('heading', { level: 1 }).allTextContents()

  test.each([
    [
      'device/hall%2Funknown',
      'There is no such device',
      'Device "hall/unknown" has never sent',
      'All devices',
      'Devices',
    ],
    ['alerts/missing:hall:7', 'There is no such alert', 'Alert "missing:hall:7" is not known', 'History', 'Alerts'],
  ])(
    '%s has the heading “%s”, and a link to the list',
    async (path, title, why, list, there) => {
      await page.goto(`${origin}/#/${path}`)
      await page.getByRole('heading', { name: title }).waitFor()
      expect(await heading()).toEqual([title])
      await page.getByText(why).waitFor()
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
      await page.getByRole('main').getByRole('link', { name: list }).last().click()
      await page.getByRole('heading', { level: 1, name: there }).waitFor()
    },
    60_000,
  )

  test('settings/rules/unknown says so above the list of rules', async () => {
    await page.goto(`${origin}/#/settings/rules/unknown`)
    await page.getByText('There is no rule “unknown”. Choose one from the list.').waitFor()
    expect(await heading()).toEqual(['Rules'])
  }, 60_000)

  test.each(['nowhere', 'device', 'device/%', 'settings/unknown', 'alerts/%'])(
    '%s opens a page that there is, with its heading',
    async (path) => {
      await page.goto(`${origin}/#/${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' })
      expect((await heading())[0]).toMatch(/^(Health|Devices|Rules|Alerts|Nothing.*)$/)
    },
    60_000,
  )
})
