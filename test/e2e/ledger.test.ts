import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Ledger } from '../../core/sync/ledger.ts'
import { hasChromium } from '../support/chromium.ts'
import type { Client } from '../support/client.ts'
import { freePort } from '../support/mosquitto.ts'
import { openScreen, type Screen } from '../support/screen.ts'

const patience = { timeout: 30_000 }
const linesOf = { central: 130, vendor: 90 }

describe.skipIf(!hasChromium)('the ledger on the Sync page', () => {
  let screen: Screen | undefined
  let client: Client
  let page: Page
  let dir = ''

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'fieldwatch-ledger-'))
    const brokers = [`127.0.0.1:${await freePort()}`] // nobody listens there
    const destinations = Object.keys(linesOf).map((name) => ({ name, brokers, required: false }))
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ destinations, zone: 'Europe/Oslo' }))
    fill(join(dir, 'state.db'))
    screen = await openScreen(['--data', dir], {
      look: { viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' },
    })
    ;({ api: client, page } = screen)
    await page.goto(`${client.origin}/#/sync`)
  }, 120_000)

  afterAll(async () => {
    await screen?.close()
    if (dir !== '') rmSync(dir, { recursive: true, force: true })
  })

  test('goes back page by page to the first line and forward again, each line with its date', async () => {
    await expect.poll(shown, patience).toEqual(['130–130', '31–31']) // central was filled last
    await expect.poll(() => page.getByRole('cell', { name: '25 Nov, 13:00:00' }).count(), patience).toBe(100)
    const [older, newer] = ['Older lines', 'Newer lines'].map((name) => page.getByRole('button', { name }))
    await older!.click()
    await expect.poll(shown, patience).toEqual(['30–30', '21–21'])
    await older!.click()
    await expect.poll(shown, patience).toEqual(['20–20', '1–1'])
    expect(await older!.isDisabled()).toBe(true)
    await newer!.click()
    await expect.poll(shown, patience).toEqual(['30–30', '21–21'])
  }, 120_000)

  test('shows the lines of one destination alone, from the newest on', async () => {
    await page.getByLabel('Lines of').selectOption('vendor')
    await expect.poll(shown, patience).toEqual(['90–90', '1–1'])
    const { violations } = await new AxeBuilder({ page }).include('section[aria-label="Ledger"]').analyze()
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
    await page.getByLabel('Lines of').selectOption('all destinations')
    await expect.poll(shown, patience).toEqual(['130–130', '31–31'])
  }, 120_000)

  /** Offsets of the first line and of the last. */
  async function shown(): Promise<readonly (string | null)[]> {
    const cells = page.getByRole('region', { name: 'Ledger' }).locator('tbody td.mono')
    const texts = await cells.allTextContents()
    return [texts[0] ?? null, texts.at(-1) ?? null]
  }
})

/** Lines as batches leave them, one offset each. */
function fill(file: string): void {
  const ledger = new Ledger(file)
  const noon = Date.parse('2026-11-25T12:00:00Z')
  for (const name of Object.keys(linesOf).toReversed() as (keyof typeof linesOf)[]) {
    ledger.place(name, 0)
    for (let from = 1; from <= linesOf[name]; from++) {
      const entry = { from, to: from + 1, records: 1, bytes: 100, maybeTwice: 0, letters: [] }
      ledger.intend(name, entry, false)
      ledger.confirm(name, entry, noon)
    }
  }
  ledger.close()
}
