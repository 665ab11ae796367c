import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { placesIn } from '../../core/host/paths.ts'
import type { Letter } from '../../core/sync/aside-book.ts'
import { Ledger } from '../../core/sync/ledger.ts'
import { hasChromium } from '../support/chromium.ts'
import { makeTempDir } from '../support/make-temp-dir.ts'
import { openScreen, type Screen } from '../support/screen.ts'

// Of what a Kafka would not take, a part has left the log. In a real browser, over a log that begins at record 600.

const log = join(import.meta.dirname, '..', 'fixtures', 'base-format-1', 'log')
const destination = 'central'
const at = (offset: number): Letter => {
  return { offset, index: 0, what: 'reading', reason: 'too large for the topic', kept: 'topic' }
}

describe.skipIf(!hasChromium)('what is set aside and has left the log', () => {
  let screen: Screen | undefined
  let page: Page
  let dir = ''

  beforeAll(async () => {
    dir = makeTempDir()
    mkdirSync(dir, { recursive: true })
    const places = placesIn(dir)
    cpSync(log, places.log, { recursive: true })
    writeFileSync(places.config, JSON.stringify({ destinations: [{ name: destination, brokers: ['127.0.0.1:9'] }] }))
    const ledger = new Ledger(places.state)
    ledger.place(destination, 0)
    for (const letter of [at(5), at(700)]) ledger.aside.add(destination, letter, 1_760_000_000_000)
    ledger.close()
    screen = await openScreen(['--data', dir])
    page = screen.page
  }, 120_000)

  afterAll(async () => {
    await screen?.close()
    if (dir !== '') rmSync(dir, { recursive: true, force: true })
  })

  test('is told as gone and not offered to be sent again, beside what the log still holds', async () => {
    const { api } = screen!
    const { rows, sendable } = await api.call('sync.aside', { destination, after: null, limit: 10 })
    expect(rows.map(({ offset, inLog }) => [offset, inLog])).toEqual([
      [5, false],
      [700, true],
    ])
    expect(sendable).toBe(1)
    await page.goto(`${api.origin}/#/sync`)
    await page.getByRole('button', { name: '2, show' }).click()
    const [gone, kept] = [page.getByRole('listitem').filter({ hasText: '5:0' }), page.getByText('700:0')]
    await gone.getByText('in the dead letter topic, gone from the log').waitFor()
    expect(await gone.getByRole('button', { name: 'Send again' }).count()).toBe(0)
    await expect.poll(() => page.getByRole('button', { name: 'Send again' }).count(), { timeout: 20_000 }).toBe(1)
    expect(await page.getByRole('button', { name: 'Send all again' }).isEnabled()).toBe(true)
    await gone.getByRole('button').click()
    await gone.getByText('Its record has left the log').waitFor()
    await kept.click()
    await page.getByRole('dialog').locator('pre').waitFor()
  }, 60_000)

  test('and where all have, sending all again is not offered', async () => {
    const ledger = new Ledger(placesIn(dir).state)
    ledger.aside.sent(destination, at(700), 1_760_000_100_000)
    ledger.close()
    await page.reload()
    await page.getByRole('button', { name: '1, show' }).click()
    await page.getByText('gone from the log').waitFor()
    expect(await page.getByRole('button', { name: 'Send all again' }).isDisabled()).toBe(true)
  }, 60_000)
})
