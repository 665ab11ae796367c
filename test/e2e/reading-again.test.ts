import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/app.ts'
import { hasChromium } from '../support/chromium.ts'
import type { Client } from '../support/client.ts'
import { oddMapping } from '../support/odd-mapping.ts'
import { openScreen, type Screen } from '../support/screen.ts'
import type { Writing } from '../support/stream.ts'
import { writeLog } from '../support/views.ts'

// What a person is told while history is read again, in a real browser.

const records = 30_000

describe.skipIf(!hasChromium)('while history is read again', () => {
  let screen: Screen | undefined
  let page: Page
  let api: Client
  let dir = ''

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'fieldwatch-again-'))
    mkdirSync(join(dir, 'log'))
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ server: { port: 0 } }))
    const start = Date.now() - records * 1_000
    const odd = Array.from({ length: records }, (_, i): Writing => {
      const time = start + i * 1_000
      return i % 3 === 0
        ? { kind: 'message', source: 'a', name: 'x/odd', time, body: `\u0001p=${i % 100}` }
        : { kind: 'message', source: 'a', name: 'hall/pump', time, body: JSON.stringify({ temp: 20 + (i % 7) }) }
    })
    writeLog(join(dir, 'log'), odd, 1_000)
    screen = await openScreen(['--data', dir])
    ;({ api, page } = screen)
  }, 120_000)

  afterAll(async () => {
    await screen?.close()
    if (dir !== '') rmSync(dir, { recursive: true, force: true })
  })

  test('the page says so, that the past is not yet as it will be, and when there is no room for it', async () => {
    await until('all is read', async () => (await health()).undecodable.total === records / 3)
    await page.goto(`${api.origin}/#/health`)
    await page.getByRole('link', { name: /pump/i }).first().waitFor()
    const held = new Database(join(dir, 'views.next.db'))
    held.exec('begin exclusive')
    await api.call('command', { name: 'mapping.put', value: oddMapping(0) })
    await page.getByText(/^Reading 30.*records again with the mapping, 0.%\.$/).waitFor()
    await page.getByText('the past is shown as it was read before, until all is done').waitFor()
    expect(await page.getByText('views are rebuilt').count()).toBe(0)

    await leaveFree(100_000) // heard by the thread when it has given up on the file
    await page.getByText(/^History waits to be read again: the disk needs [\d.]+.TB more$/).waitFor({ timeout: 60_000 })
    held.close()
    await leaveFree(0)
    await page.getByText('History waits').waitFor({ state: 'hidden', timeout: 60_000 })
    await page.getByText('odd pump', { exact: false }).first().waitFor({ timeout: 60_000 })
    await until('it is switched in', async () => (await health()).readingAgain === null)
    await page.getByText('again with the mapping').waitFor({ state: 'hidden' })
    expect((await health()).undecodable.total).toBe(0)
  }, 240_000)

  async function leaveFree(minFreeGigabytes: number): Promise<void> {
    const config = await api.call('config', {})
    await api.call('config.put', { config: { ...config, log: { ...config.log, minFreeGigabytes } }, secrets: [] })
  }

  function health() {
    return api.call('health', { at: null })
  }
})
