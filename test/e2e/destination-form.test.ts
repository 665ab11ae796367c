import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, openClient, startApp } from '../support/app.ts'
import { chromiumArgs, chromiumPath, hasChromium } from '../support/chromium.ts'
import type { Client } from '../support/client.ts'
import { enterPage } from '../support/enter.ts'
import { freePort } from '../support/mosquitto.ts'

const patience = { timeout: 30_000 }

describe.skipIf(!hasChromium)('what a destination is sent, in its form', () => {
  let app: App
  let client: Client
  let browser: Browser
  let address: string
  let dir = ''

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'fieldwatch-destination-'))
    address = `127.0.0.1:${await freePort()}` // nobody listens there
    const filter = { topics: ['plant/#'], exclude: ['plant/debug/#'], alerts: false }
    const central = { name: 'central', brokers: [address], required: false, filter, maxBytesPerSecond: 250_000 }
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ destinations: [central], zone: 'Europe/Oslo' }))
    app = await startApp(['--data', dir])
    client = await openClient(app)
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArgs })
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    client?.close()
    await app?.stop()
    if (dir !== '') rmSync(dir, { recursive: true, force: true })
  })

  test.each(['light', 'dark'] as const)('shows what is set, and axe finds nothing in it, %s', async (theme) => {
    const page = await enter(theme)
    await page.getByRole('button', { name: 'Edit' }).click()
    expect(await page.getByLabel('Leave out topics').inputValue()).toBe('plant/debug/#')
    expect(await page.getByLabel('At most, kB a second').inputValue()).toBe('250')
    expect(await page.getByRole('switch', { name: 'Alerts, too' }).getAttribute('aria-checked')).toBe('false')
    expect(await page.getByLabel('Name').getAttribute('readonly')).not.toBeNull()
    await page.getByText('nothing is sent again').waitFor()
    const { violations } = await new AxeBuilder({ page }).include('dialog').analyze()
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
    await page.context().close()
  })

  test('a placeholder that means nothing is named under its field; corrected, it is saved with all that was there', async () => {
    const page = await enter('light')
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('Topic of readings').fill('edge.{machine}')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.locator('p', { hasText: 'has {machine}, which stands for nothing here' }).first().waitFor()
    expect(await page.getByLabel('Topic of readings').getAttribute('aria-invalid')).toBe('true')
    expect(await page.getByLabel('Topic of readings').evaluate((field) => field === document.activeElement)).toBe(true)
    await page.getByLabel('Topic of readings').fill('edge.{site}.{type}.v1')
    await page.getByLabel('Packing').selectOption('zstd')
    await page.getByLabel('Copies').fill('3')
    await page.getByLabel('At most, kB a second').fill('')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    const [central] = (await client.call('config', {})).destinations
    expect(central).toMatchObject({
      topics: { telemetry: 'edge.{site}.{type}.v1', alerts: 'edge.alerts.v1' },
      filter: { topics: ['plant/#'], exclude: ['plant/debug/#'], signals: ['*'], alerts: false },
      compression: 'zstd',
      create: { partitions: 6, replication: 3 },
      maxBytesPerSecond: null,
      required: false,
      start: 'beginning',
    })
    await page.context().close()
  })

  test('a new one begins at a time by the clock of the plant, and the page says with which record', async () => {
    const page = await enter('light')
    await page.getByRole('button', { name: 'Add destination' }).first().click()
    await page.getByLabel('Name').fill('vendor')
    await page.getByLabel('Brokers').fill(address)
    await expect.poll(() => page.getByLabel('Partitions').inputValue(), patience).toBe('6') // what a file that says nothing gets
    await page.getByLabel('Partitions').fill('12')
    await page.getByText('What is sent, and how').click()
    await page.getByLabel('Begin with').selectOption('time')
    await page.getByRole('textbox', { name: 'Time' }).fill('yesterday')
    const add = page.getByRole('dialog').getByRole('button', { name: 'Add destination' })
    await add.click()
    await page.locator('p', { hasText: 'is no place to begin' }).first().waitFor()
    await page.getByRole('textbox', { name: 'Time' }).fill('2026-01-31 07:00:00')
    await add.click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByText('Began with record 0, what came since 31 Jan, 07:00.').waitFor()
    const { destinations } = await client.call('config', {})
    expect(destinations.find(({ name }) => name === 'vendor')).toMatchObject({
      start: '2026-01-31T06:00:00.000Z',
      create: { partitions: 12, replication: 1 },
    })
    await page.context().close()
  })

  test('one is removed after it is said what goes and what stays; added again by its name it goes on at its place', async () => {
    const config = await client.call('config', {})
    const [central] = config.destinations
    const destinations = [central!, { ...central!, name: 'vendor' }]
    await client.call('config.put', { config: { ...config, destinations }, secrets: [] })
    const page = await enter('light')
    const vendor = page.getByRole('region', { name: 'vendor' })
    await vendor.getByRole('button', { name: 'Remove…' }).click()
    const dialog = page.getByRole('dialog')
    for (const words of ['The log no longer waits for it', 'topics and records in Kafka', 'it goes on with record 0'])
      await dialog.getByText(words).waitFor()
    const { violations } = await new AxeBuilder({ page }).include('dialog').analyze()
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
    await dialog.getByRole('button', { name: 'Keep it' }).click()
    const names = async () => (await client.call('config', {})).destinations.map(({ name }) => name)
    expect(await names()).toEqual(['central', 'vendor'])
    await vendor.getByRole('button', { name: 'Remove…' }).click()
    await dialog.getByRole('button', { name: 'Remove vendor' }).click()
    await vendor.waitFor({ state: 'detached' })
    expect(await names()).toEqual(['central'])
    await expect.poll(async () => (await client.call('destinations', {})).length, patience).toBe(1)
    await page.context().close()
  })

  async function enter(colorScheme: 'light' | 'dark'): Promise<Page> {
    const viewport = { width: 1280, height: 800 }
    const page = await enterPage(browser, client, { viewport, colorScheme, reducedMotion: 'reduce' })
    await page.goto(`${client.origin}/#/sync`)
    await page.getByRole('heading', { level: 1, name: 'Sync' }).waitFor()
    return page
  }
})
