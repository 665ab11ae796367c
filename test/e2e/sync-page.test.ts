import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OffsetSpan, Proof } from '../../core/contract/calls.ts'
import { runFieldwatch } from '../support/app.ts'
import { chromiumArgs, chromiumPath, hasChromium } from '../support/chromium.ts'
import { enterPage } from '../support/enter.ts'
import { hasKafka } from '../support/kafka/kafka.ts'
import { findProgram, part } from '../support/parts.ts'
import { type Scene, type SyncPlant, startSyncPlant } from '../support/sync-plant.ts'

const present = [hasKafka(), hasChromium, part('openssl', findProgram('openssl') !== null)].every((one) => one)

/** What a person reads in each. */
const says: Readonly<Record<Scene, readonly RegExp[]>> = {
  live: [/1 destination is up to date/, /records a second/, /exactly once/, /not checked/],
  'catching-up': [/1 destination catches up/, /to catch up/, /waiting for its share of bandwidth/],
  waiting: [/1 destination waits for its broker/, /until try \d+/, /refuses the connection/, /Room in log/],
  'topic-missing': [/1 destination needs you/, /has no topic "reports.telemetry.v1"/, /Create topics/],
  'permission-missing': [/lacks a permission/, /kafka-acls --bootstrap-server/, /Copy/],
  'set-aside': [/Set aside1, show/],
  fenced: [/another installation/i, /Take over/, /that one is stopped at its next try/, /hq-shared waits/],
  paused: [/1 destination is paused/, /Resume/],
}

describe.skipIf(!present)('the Sync page with a real core and a real Kafka', () => {
  let plant: SyncPlant
  let browser: Browser
  let page: Page
  const complaints: string[] = []

  beforeAll(async () => {
    plant = await startSyncPlant()
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArgs })
    page = await enterPage(browser, plant.client, { viewport: { width: 1440, height: 900 } })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (line) => line.type() === 'error' && complaints.push(line.text()))
    await page.goto(`${plant.client.origin}/#/sync`)
  }, 180_000)

  afterAll(async () => {
    await browser?.close()
    await plant?.stop()
  }, 60_000)

  test.each(Object.entries(says) as [Scene, readonly RegExp[]][])(
    'says in words how it stands and what to do: %s',
    async (scene, words) => {
      await plant.show(scene)
      for (const one of words) await expectText(page, one)
      expect(await cutLines(page)).toBe(0)
      expect(await faults(page)).toEqual([])
      expect(complaints).toEqual([])
    },
    180_000,
  )

  test('a check proves that everything is there once, and a range is sent again after a preview', async () => {
    await plant.show('live')
    await page.getByRole('button', { name: 'Check plant-eu' }).click()
    await expectText(page, /0 missing, 0 twice/)
    await expectText(page, /Twice \/ missing0 \/ 0/)
    await page.getByRole('button', { name: 'Send a range again…' }).click()
    await page.getByRole('button', { name: 'By log offset' }).click()
    await page.getByLabel('From', { exact: true }).fill('0')
    await page.getByLabel('To', { exact: true }).fill('99')
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByRole('button', { name: /Send \d+ records again/ }).waitFor()
    expect(await faults(page)).toEqual([])
    await page.getByRole('button', { name: /Send \d+ records again/ }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('cell', { name: 'sent again' }).first().waitFor()
    await page.getByRole('button', { name: 'Check plant-eu' }).click()
    await expectText(page, /Copies sent again/)
    expect(complaints).toEqual([])
  }, 180_000)

  test('the command line proves the same while the program runs', async () => {
    const args = [
      'reconcile',
      '--data',
      plant.data,
      '--destination',
      'plant-eu',
      '--from',
      '10',
      '--to',
      '2000',
      '--json',
    ]
    const { code, out, err } = await runFieldwatch(args)
    expect(code, err).toBe(0)
    const { from, to, proof } = JSON.parse(out) as OffsetSpan & { readonly proof: Proof }
    expect({ from, to }).toEqual({ from: 10, to: 2_000 })
    expect(proof).toMatchObject({ missing: 0, twice: 0, outOfOrder: 0, unknown: 0 })
    expect(proof.arrived).toBe(proof.expected)
    expect(proof.expected).toBeGreaterThan(1_000)
    const unknown = await runFieldwatch(['reconcile', '--data', plant.data, '--destination', 'nowhere'])
    expect(unknown).toMatchObject({ code: 1, err: expect.stringMatching(/there is no destination "nowhere"/) })
  }, 120_000)

  test('what was set aside opens with its reason and its content', async () => {
    await plant.show('set-aside')
    await page.getByRole('button', { name: /\d+, show/ }).click()
    await expectText(page, /too large for the topic/)
    await page
      .getByRole('button', { name: /too large/ })
      .first()
      .click()
    await expectText(page, /packing\/line-3/)
    expect(await faults(page)).toEqual([])
    await page.getByRole('button', { name: 'Close' }).click()
    expect(complaints).toEqual([])
  }, 180_000)
})

async function expectText(page: Page, words: RegExp): Promise<void> {
  await expect
    .poll(async () => (await page.locator('body').textContent())?.replaceAll(/\s+/g, ' '), { timeout: 60_000 })
    .toMatch(words)
}

/** What is to be copied can be read whole, also where there is little room. */
async function cutLines(page: Page): Promise<number> {
  await page.setViewportSize({ width: 1280, height: 800 })
  const lines = page.locator('pre')
  const cut = await lines.evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).length)
  await page.setViewportSize({ width: 1440, height: 900 })
  return cut
}

async function faults(page: Page): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
    .analyze()
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`)
}
