import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { openClient, startApp, until } from './app.ts'
import { chromiumArgs, chromiumPath } from './chromium.ts'
import type { Client } from './client.ts'
import { enterContext } from './enter.ts'
import { hasKafka } from './kafka/kafka.ts'
import { scenes, startSyncPlant } from './sync-plant.ts'

// Pictures of each page of the demo plant, with its first live alert open, and of the Sync page in each of its states where
// a Kafka can run: `npm run shots -- [FOLDER]`.

const folder = resolve(process.argv[2] ?? 'dist/screenshots')
const sizes = [
  { name: '1440', width: 1440, height: 900 },
  { name: '1280', width: 1280, height: 800 },
]
const themes = ['light', 'dark'] as const

const data = mkdtempSync(join(tmpdir(), 'fieldwatch-shots-'))
mkdirSync(folder, { recursive: true })
const app = await startApp(['--data', data], 'start')
const client = await openClient(app)
const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArgs })
try {
  const alert = await until('the first live alert', () => firstLiveAlert(client), 240_000)
  for (const size of sizes) for (const theme of themes) await takeAll(browser, client, alert, { ...size, theme })
} finally {
  await browser.close()
  client.close()
  await app.stop()
  rmSync(data, { recursive: true, force: true })
}

if (hasKafka()) await takeSync()

/** Active now, when the history is behind us: while it is read its alerts are active for a moment too. */
async function firstLiveAlert(from: Client) {
  const [status, health] = [await from.call('status', {}), await from.call('health', { at: null })]
  if (status.preparing !== null || health.catchingUp !== null || status.time - health.time > 60_000) return null
  const { rows } = await from.call('alerts', { at: null, show: 'open', device: null, limit: 100 })
  return (
    rows.find((row) => row.group === 'active' && row.alert.until === null && row.alert.series !== null)?.alert ?? null
  )
}

async function takeSync(): Promise<void> {
  const plant = await startSyncPlant()
  const withSync = await chromium.launch({ executablePath: chromiumPath, args: chromiumArgs })
  try {
    for (const scene of scenes) {
      await plant.show(scene)
      for (const size of sizes)
        for (const theme of themes) {
          const context = await enterContext(withSync, plant.client, { viewport: size, colorScheme: theme })
          await take(context, `${plant.client.origin}/#/sync`, `sync-${scene}-${theme}-${size.name}`)
          await context.close()
        }
    }
  } finally {
    await withSync.close()
    await plant.stop()
  }
}

type Look = (typeof sizes)[number] & { readonly theme: (typeof themes)[number] }

async function takeAll(
  from: Browser,
  api: Client,
  alert: { readonly id: string; readonly device: string },
  look: Look,
) {
  const context = await enterContext(from, api, { viewport: look, colorScheme: look.theme })
  const past = new Date(Date.now() - 26 * 3600_000).toISOString()
  const pages = {
    health: '#/health',
    'health-past': `#/health?at=${past}`,
    alert: `#/alerts/${encodeURIComponent(alert.id)}`,
    device: `#/device/${encodeURIComponent(alert.device)}/signals`,
    messages: `#/device/${encodeURIComponent(alert.device)}/messages`,
    devices: '#/devices',
    continuity: '#/continuity',
    map: '#/map',
    sync: '#/sync',
    connect: '#/connect',
    settings: '#/settings',
    rule: '#/settings/rules/band',
    plant: '#/settings/plant',
  }
  for (const [page, hash] of Object.entries(pages))
    await take(context, `${api.origin}/${hash}`, `${page}-${look.theme}-${look.name}`)
  await context.close()
}

async function take(context: BrowserContext, url: string, name: string): Promise<void> {
  const tab = await context.newPage()
  await tab.goto(url)
  await tab.waitForTimeout(2_500) // charts draw and pushes come; a picture has no fact to wait for
  await tab.screenshot({ path: join(folder, `${name}.png`) })
  await tab.close()
}
