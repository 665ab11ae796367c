import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/app.ts'
import { hasChromium } from '../support/chromium.ts'
import type { Client } from '../support/client.ts'
import { hotRule } from '../support/hot-rule.ts'
import { openScreen, type Screen } from '../support/screen.ts'

// In a real browser: what the page of alerts does in a flood, and how a person puts one aside until a date, with a note.

describe.skipIf(!hasChromium)('the page of alerts', () => {
  let screen: Screen | undefined
  let page: Page
  let api: Client
  let dir = ''
  /** Two devices in each of six halls. */
  const devices = Array.from({ length: 12 }, (_, i) => `hall-${i >> 1}/pump-${i}`)
  const file = (device: string) => join(dir, `${device.replace('/', '-')}.log`)
  const say = (device: string, pressure: number) => appendFileSync(file(device), `${JSON.stringify({ pressure })}\n`)

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'fieldwatch-alerts-'))
    mkdirSync(join(dir, 'data'))
    for (const device of devices) say(device, 1)
    const files = devices.map((device) => ({ name: device.replace('/', '-'), path: file(device), topic: device }))
    writeFileSync(join(dir, 'data', 'config.json'), JSON.stringify({ files, zone: 'Europe/Oslo' }))
    screen = await openScreen(['--data', join(dir, 'data')])
    ;({ api, page } = screen)
    await until('every device', async () => (await api.call('health', { at: null })).devices.total === devices.length)
    await api.call('command', { name: 'rule.put', value: hotRule(50) })
    for (const device of devices) say(device, 60)
    await until('an alert of each', async () => (await open()).length === devices.length)
  }, 180_000)

  afterAll(async () => {
    await screen?.close()
    if (dir !== '') rmSync(dir, { recursive: true, force: true })
  })

  const faults = async () =>
    (await new AxeBuilder({ page }).analyze()).violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])
  const open = async () => (await api.call('alerts', { at: null, show: 'open', device: null, limit: 100 })).rows

  test('folds the list in a flood, says so, and shows the alert that is open', async () => {
    await page.goto(`${api.origin}/#/alerts`)
    const list = page.getByRole('navigation', { name: 'Alerts' })
    await list.getByText('12 alerts in the last 10 minutes are a flood.').waitFor()
    await expect.poll(() => list.locator('details').count(), { timeout: 20_000 }).toBe(6)
    await expect.poll(() => list.locator('details[open]').count(), { timeout: 20_000 }).toBe(1)
    await expect.poll(() => list.locator('details[open] [aria-current=true]').count(), { timeout: 20_000 }).toBe(1)
    expect(await faults()).toEqual([])
  }, 60_000)

  test('asks until when an alert is put aside, and why', async () => {
    const [{ alert }] = await open()
    await page.goto(`${api.origin}/#/alerts/${encodeURIComponent(alert.id)}`)
    await page.getByRole('button', { name: 'Shelve…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Shelve until' })
    await expect.poll(() => dialog.getByRole('radio').count(), { timeout: 20_000 }).toBe(4)
    await dialog.getByLabel('Until a date').check()
    await dialog.getByLabel('Date', { exact: true }).fill('2020-01-01T12:00')
    await dialog.getByText('This is no time that is still to come.').waitFor()
    expect(await dialog.getByRole('button', { name: 'Shelve' }).isDisabled()).toBe(true)
    await dialog.getByLabel('Date', { exact: true }).fill('2199-07-01T12:00')
    await dialog.getByLabel('Note').fill('part is ordered')
    expect(await faults()).toEqual([])
    await dialog.getByRole('button', { name: 'Shelve' }).click()
    await page.getByText('shelved by').waitFor()
    const { journal, alert: shelved } = await api.call('alert', { id: alert.id, at: null })
    expect(shelved.shelvedUntil).toBe(Date.UTC(2199, 6, 1, 10)) // noon in Oslo
    expect(journal.at(-1)).toMatchObject({ phase: 'shelved', note: 'part is ordered' })
  }, 60_000)
})
