import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/app.ts'
import { hasChromium } from '../support/chromium.ts'
import type { Client } from '../support/client.ts'
import { openScreen, type Screen } from '../support/screen.ts'

// From a message that nobody understands to its readings, in a real browser: a followed file brings it, a person maps it.

describe.skipIf(!hasChromium)('messages that cannot be read', () => {
  let screen: Screen | undefined
  let page: Page
  let api: Client
  let dir = ''

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'fieldwatch-map-'))
    const path = join(dir, 'press.log')
    writeFileSync(path, '')
    mkdirSync(join(dir, 'data'))
    const file = { name: 'press', path, topic: 'hall/press-7' }
    const oven = join(dir, 'oven.log')
    writeFileSync(oven, 'oven=3 temp=201.5\n')
    const pattern = '^oven=(?<oven>\\d+) temp=(?<temp>[\\d.]+)$'
    const mapped = { name: 'oven', path: oven, topic: 'hall/ovens', pattern, device: 'oven {oven}' }
    writeFileSync(join(dir, 'data', 'config.json'), JSON.stringify({ files: [file, mapped] }))
    screen = await openScreen(['--data', join(dir, 'data')])
    ;({ api, page } = screen)
    for (let i = 0; i < 8; i++) appendFileSync(path, `\u0001 press=7 force=${i}.5 kN\n`)
  }, 120_000)

  afterAll(async () => {
    await screen?.close()
    if (dir !== '') rmSync(dir, { recursive: true, force: true })
  })

  test('do not come from a file whose pattern the configuration holds', async () => {
    const { signals } = await until('the oven', () => api.call('device', { id: 'oven 3', at: null }))
    expect(signals.map(({ signal, value }) => [signal, value])).toEqual([['temp', 201.5]])
  })

  test('lead to the form, which shows at once what would be read, and then they are read, the old ones too', async () => {
    const unread = async () => (await api.call('health', { at: null })).undecodable.total
    await until('8 unread messages', async () => (await unread()) === 8)
    await page.goto(`${api.origin}/#/devices?show=unreadable`)
    await page.locator('[data-row]').first().click()
    await page.getByRole('link', { name: 'Map these messages' }).click()
    await page.getByRole('heading', { level: 1, name: 'Map messages' }).waitFor()
    expect(await page.getByRole('textbox', { name: 'Topics' }).inputValue()).toBe('hall/press-7')
    await page.getByLabel('Format').selectOption('pattern')
    await page.getByRole('textbox', { name: 'Pattern' }).fill('press=(?<press>\\d+')
    await page.getByText('this pattern cannot be used').first().waitFor()
    await page.getByRole('textbox', { name: 'Pattern' }).fill('press=(?<press>\\d+) force=(?<force>[\\d.]+) kN')
    await page.getByRole('textbox', { name: 'Device' }).fill('press {press}')
    await page.getByRole('textbox', { name: 'Unit' }).fill('kN')
    await page.getByRole('cell', { name: '7.5' }).waitFor()
    await expect.poll(() => page.getByRole('cell', { name: 'press 7' }).count(), { timeout: 20_000 }).toBe(5)
    await page.getByRole('button', { name: 'Read also what is kept' }).click()
    const ask = { device: null, before: null, limit: 8, at: null, undecodable: false } as const
    const values = async () => (await api.call('messages', ask)).rows.map(({ readings }) => readings[0]?.value)
    await until('all read', async () => (await values()).join() === '7.5,6.5,5.5,4.5,3.5,2.5,1.5,0.5')
    expect(await unread()).toBe(0)
    await page.getByText('Press 7').first().waitFor()
  }, 120_000)

  test('a file is followed from the page: a wrong pattern is told in the form, and the lines become readings', async () => {
    const path = join(dir, 'gate.log')
    writeFileSync(path, 'gate=north took 17 ms\n')
    await page.goto(`${api.origin}/#/connect`)
    await page.getByRole('button', { name: 'Follow a log file…' }).click()
    await page.getByRole('textbox', { name: 'File' }).fill(path)
    await page.getByRole('textbox', { name: 'Topic' }).fill('logs/gate')
    await page.getByRole('textbox', { name: 'Pattern' }).fill('gate=(?<gate>')
    await page.getByRole('button', { name: 'Follow it' }).click()
    await page.getByRole('dialog').getByText('is no pattern').waitFor()
    await page.getByRole('textbox', { name: 'Pattern' }).fill('^gate=(?<gate>\\w+) took (?<ms>\\d+) ms$')
    await page.getByRole('textbox', { name: 'Device' }).fill('gate {gate}')
    await page.getByRole('button', { name: 'Follow it' }).click()
    await page.getByRole('button', { name: 'Stop following gate.log' }).waitFor()
    const signals = async () => (await api.call('device', { id: 'gate north', at: null }).catch(() => null))?.signals
    await until('its reading', async () => (await signals())?.[0]?.value === 17)
  }, 60_000)
})
