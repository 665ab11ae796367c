import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, openClient, startApp, until } from '../support/app.ts'
import { feed } from '../support/capture/feed.ts'
import { chromiumArgs, chromiumPath, hasChromium } from '../support/chromium.ts'
import type { Client } from '../support/client.ts'
import { enterPage } from '../support/enter.ts'
import { DiskOrders, failingDisk, hasFailingDisk } from '../support/faults/disk.ts'
import { hasMosquitto, type Mosquitto, startMosquitto } from '../support/mosquitto.ts'

const size = 20_000
const messages = 900

describe.skipIf(!(hasChromium && hasMosquitto && hasFailingDisk))('a disk that fills while the plant goes on', () => {
  let dir = ''
  let broker: Mosquitto
  let disk: DiskOrders
  let app: App
  let client: Client
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'fieldwatch-full-'))
    const data = join(dir, 'data')
    mkdirSync(data)
    broker = await startMosquitto({ conf: 'max_queued_messages 0' })
    writeFileSync(join(data, 'config.json'), JSON.stringify({ sources: [{ name: 'plant', url: broker.url }] }))
    app = await startApp(['--data', data], 'serve', failingDisk(dir, join(data, 'log')))
    disk = new DiskOrders(join(dir, 'order'))
    client = await openClient(app)
    await until('the broker', async () => (await status()).sources[0]?.state === 'up' || null)
    await feed({ url: broker.url, messages: 20, size: 10, topics: ['line/scale'], qos: 1 })
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArgs })
    page = await openPage()
  })

  afterAll(async () => {
    await browser?.close()
    client?.close()
    await app?.stop()
    disk?.close()
    await broker?.stop()
    if (dir !== '') rmSync(dir, { recursive: true, force: true })
  })

  test('the page says what waits and that reading is paused; with room again all is stored, and it says no more of it', async () => {
    await page.getByRole('heading', { name: 'Recorder' }).waitFor()
    disk.fail(1, 'ENOSPC', true)
    await feed({ url: broker.url, messages: 1, size, topics: ['line/camera'], qos: 1 })
    await page.getByText(/^Nothing can be stored: 2[\d.]+.kB of 8.MB wait for the disk/).waitFor()
    expect(await page.getByText('Broker link').count()).toBe(0)
    await feed({ url: broker.url, messages, size, topics: ['line/camera'], qos: 1 })
    await page.getByText(/^Reading paused for .*: 8[\d.]*.MB wait for the disk/).waitFor()
    await page
      .locator('footer')
      .getByText(/^reading paused for/)
      .waitFor()
    expect((await status()).sources[0]).toMatchObject({ queue: { pausedSince: expect.any(Number) }, dropped: [] })

    disk.heal()
    await until('all messages', async () => (await stored()) === messages + 21 || null, 60_000)
    await page.getByText(/^Reading paused/).waitFor({ state: 'detached' })
    const queue = async () => (await status()).recorder!.queue // as the recorder said it last, which it does each second
    await until('room in the queue', async () => (await queue()).pausedSince === null)
    expect((await queue()).maxBytes).toBe(8_000_000)
  })

  function status() {
    return client.call('status', {})
  }

  /** First deliveries: what a broker sent again is a record of its own, marked. */
  async function stored(): Promise<number> {
    const { sources } = await client.call('continuity', { at: null, from: null, until: null })
    const plant = sources.find(({ source }) => source === 'plant')
    return plant === undefined ? 0 : plant.messages - plant.repeats
  }

  async function openPage(): Promise<Page> {
    const opened = await enterPage(browser, client)
    await opened.goto(`${client.origin}/#/health`)
    return opened
  }
})
