import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/app.ts'
import { hasChromium } from '../support/chromium.ts'
import type { Client } from '../support/client.ts'
import { makeTempDir } from '../support/make-temp-dir.ts'
import { openScreen, type Screen } from '../support/screen.ts'

// A pump has another name since its gateway was replaced. In a real browser, a person lets it count as the one that it was.

const shots = join(import.meta.dirname, '..', '..', 'dist/screenshots/count-as')
const was = 'hall/pump-1'
const is = 'hall/pump-9'

describe.skipIf(!hasChromium)('a device that has another name since its gateway was replaced', () => {
  let screen: Screen | undefined
  let page: Page
  let api: Client
  let dir = ''

  beforeAll(async () => {
    dir = makeTempDir()
    mkdirSync(join(dir, 'data'))
    const files = [was, is].map((topic) => ({ name: topic.slice(5), path: fileOf(topic), topic }))
    writeFileSync(fileOf(was), line({ press: 5.1, flow: 3 }) + line({ press: 5.2, flow: 3.1 }))
    writeFileSync(fileOf(is), line({ press: 5.3, stream: 3.2, mode: 'run' }))
    writeFileSync(join(dir, 'data', 'config.json'), JSON.stringify({ files }))
    screen = await openScreen(['--data', join(dir, 'data')])
    ;({ api, page } = screen)
    await until('both devices', async () => (await devices()).length === 2)
    await until('their signals', async () => (await signals(is)).length === 3)
  }, 120_000)

  afterAll(async () => {
    await screen?.close()
    if (dir !== '') rmSync(dir, { recursive: true, force: true })
  })

  const fileOf = (topic: string) => join(dir, `${topic.slice(5)}.log`)
  const signals = async (id: string) => (await api.call('device', { id, at: null })).signals
  const devices = async () => {
    const { rows } = await api.call('devices', { at: null, sort: 'area', filter: '', from: 0, count: 9 })
    return rows.map(({ device }) => device)
  }

  test('counts as it: signals of one name are paired, the rest a person chooses', async () => {
    await page.goto(`${api.origin}/#/device/${encodeURIComponent(is)}/details`)
    await page.getByRole('button', { name: 'Count as another device…' }).click()
    const dialog = page.getByRole('dialog')
    const count = dialog.getByRole('button', { name: /^Count/ })
    expect(await count.isDisabled()).toBe(true)
    await dialog.getByLabel('Find').fill('pump-1')
    const device = dialog.getByLabel('Device')
    await device.locator(`option[value="${was}"]`).waitFor({ state: 'attached' })
    await until('itself not among them', async () => (await device.locator('option').count()) === 2)
    await device.selectOption(was)
    await dialog.getByText('Count 1 signal').waitFor()
    expect(await chosen(dialog.getByLabel('Press'))).toBe('Press')
    expect(await chosen(dialog.getByLabel('Mode'))).toBe('Stays a signal of its own')
    await expect.poll(() => dialog.getByLabel('Mode').locator('option').count(), { timeout: 20_000 }).toBe(1) // nothing else is a text
    await dialog.getByLabel('Stream').selectOption('Flow')
    expect((await new AxeBuilder({ page }).include('dialog').analyze()).violations).toEqual([])
    mkdirSync(shots, { recursive: true })
    await page.screenshot({ path: join(shots, 'asked.png') })
    await dialog.getByRole('button', { name: 'Count 2 signals' }).click()
    await page.getByRole('heading', { level: 1, name: 'pump-1' }).waitFor()
    await page.getByText(`of ${is}`).first().waitFor()
    await page.screenshot({ path: join(shots, 'after.png') })
    await page.getByText(`with press of ${is}`).waitFor()
    await page.getByText(`with stream of ${is}`).waitFor()
    expect((await signals(is)).map(({ signal }) => signal)).toEqual(['mode'])
    appendFileSync(fileOf(is), line({ press: 5.4, stream: 3.3 }))
    await until('its value', async () => (await signals(was))[0]!.value === 5.4)
  }, 60_000)

  test('and is the device that it was once all count so; separated it is there again', async () => {
    const mode = (await signals(is))[0]!
    appendFileSync(fileOf(was), line({ mode: 'run' }))
    await until('a mode', async () => (await signals(was)).length === 3)
    await page.goto(`${api.origin}/#/device/${encodeURIComponent(is)}/details`)
    await page.getByRole('button', { name: 'Count as another device…' }).click()
    await page.getByRole('dialog').getByLabel('Device').selectOption(was)
    await page.getByRole('button', { name: 'Count 1 signal' }).click()
    await until('one device', async () => (await devices()).join() === was)
    const row = page.getByRole('row', { name: 'mode' })
    await row.getByRole('button', { name: 'Separate' }).click()
    await until('two devices', async () => (await devices()).join() === `${was},${is}`)
    expect((await signals(is)).map(({ series }) => series)).toEqual([mode.series])
  }, 60_000)
})

function line(values: object): string {
  return `${JSON.stringify(values)}\n`
}

function chosen(select: Locator): Promise<string> {
  return select.evaluate((one) => (one as HTMLSelectElement).selectedOptions[0]!.label)
}
