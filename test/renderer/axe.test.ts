import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, openClient, startApp, until } from '../support/app.ts'
import { chromiumArgs, chromiumPath, hasChromium } from '../support/chromium.ts'
import type { Client } from '../support/client.ts'
import { enterPage } from '../support/enter.ts'

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const hour = 3_600_000

interface Place {
  readonly name: string
  readonly hash: string
  /** Pressed once the page is there. */
  readonly key?: string
}

describe.skipIf(!hasChromium)('the demo plant on screen', () => {
  let app: App
  let client: Client
  let browser: Browser
  let places: readonly Place[]
  let data = ''

  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'fieldwatch-axe-'))
    app = await startApp(['--data', data], 'start')
    client = await openClient(app)
    const device = await until('a plant that has caught up', () => firstDevice(client), 240_000)
    places = await placesOf(client, device)
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArgs })
  }, 300_000)

  afterAll(async () => {
    await browser?.close()
    client?.close()
    await app?.stop()
    if (data !== '') rmSync(data, { recursive: true, force: true })
  })

  test('axe finds nothing and the browser complains of nothing on any page, light and dark', async () => {
    const page = await enterPage(browser, client, { viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
    const complaints: string[] = []
    page.on('console', (line) => line.type() === 'error' && complaints.push(line.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    const found: string[] = []
    for (const place of places) {
      await open(page, client.origin, place)
      for (const theme of ['light', 'dark'] as const) found.push(...(await faultsOf(page, place, theme)))
    }
    expect({ found, complaints }).toEqual({ found: [], complaints: [] })
  }, 480_000)
})

async function firstDevice(client: Client): Promise<string | null> {
  const status = await client.call('status', {})
  const health = await client.call('health', { at: null })
  if (status.preparing !== null || health.catchingUp !== null) return null
  const { rows } = await client.call('devices', { at: null, sort: 'worst', filter: '', from: 0, count: 1 })
  return rows[0]?.device ?? null
}

async function placesOf(client: Client, device: string): Promise<readonly Place[]> {
  const past = new Date(Date.now() - 26 * hour).toISOString()
  const { rows } = await client.call('alerts', { at: null, show: 'history', device: null, limit: 1 })
  const id = encodeURIComponent(device)
  const tabs = ['signals', 'messages', 'alerts', 'notes', 'details'].map((tab) => ({
    name: tab,
    hash: `#/device/${id}/${tab}`,
  }))
  const alerts = rows.map(({ alert }) => ({
    name: 'an alert',
    hash: `#/alerts/${encodeURIComponent(alert.id)}?show=history`,
  }))
  return [
    { name: 'health', hash: '#/health' },
    { name: 'health in the past', hash: `#/health?at=${past}` },
    { name: 'the time machine', hash: `#/health?at=${past}`, key: 't' },
    { name: 'the list of keys', hash: '#/health', key: '?' },
    { name: 'find or do', hash: '#/health', key: 'Control+k' },
    { name: 'devices', hash: '#/devices' },
    { name: 'messages that could not be read', hash: '#/devices?show=unreadable' },
    ...tabs,
    { name: 'alerts', hash: '#/alerts' },
    ...alerts,
    { name: 'continuity', hash: '#/continuity' },
    { name: 'sync', hash: '#/sync' },
    { name: 'connect', hash: '#/connect' },
    { name: 'rules', hash: '#/settings/rules' },
    { name: 'a rule', hash: '#/settings/rules/band' },
    { name: 'a rule in the past', hash: `#/settings/rules/band?at=${past}` },
    { name: 'a new rule', hash: '#/settings/new' },
    { name: 'the plant', hash: '#/settings/plant' },
    { name: 'map messages', hash: '#/map?topic=%2B/%23' },
  ]
}

async function open(page: Page, origin: string, { hash, key }: Place): Promise<void> {
  await page.goto('about:blank')
  await page.goto(`${origin}/${hash}`)
  await page.locator('main h1').first().waitFor()
  await page.locator('main [role=status][aria-label=Loading]').waitFor({ state: 'detached' })
  if (key !== undefined) await page.keyboard.press(key)
}

async function faultsOf(page: Page, { name }: Place, colorScheme: 'light' | 'dark'): Promise<string[]> {
  await page.emulateMedia({ colorScheme })
  const { violations } = await new AxeBuilder({ page }).withTags(rules).analyze()
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${name}, ${colorScheme}: ${id}, ${help}: ${node.html.slice(0, 200)}`),
  )
}
