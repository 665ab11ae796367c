import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import mqtt, { type MqttClient } from 'mqtt'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { UndecodableReason } from '../../core/contract/model.ts'
import { type App, openClient, runFieldwatch, startApp, until } from '../support/app.ts'
import { chromiumArgs, chromiumPath, hasChromium } from '../support/chromium.ts'
import type { Client } from '../support/client.ts'
import { enterPage } from '../support/enter.ts'
import { hasMosquitto, type Mosquitto, startMosquitto } from '../support/mosquitto.ts'

const shots = join(import.meta.dirname, '..', '..', 'dist/screenshots/bad-input')
const topic = 'hall/press-7'
const longTopic = `hall/${'x'.repeat(60_000)}`
const goodTopic = 'hall/p-204'
/** Each holds 5 MB that must not stay in memory. */
const rounds = 6
const mostMegabytes = 700

interface Bad {
  readonly what: string
  readonly topic: string
  readonly bytes: Buffer
  /** Null: odd, but it can be read. */
  readonly reason: UndecodableReason | null
}

const bad: readonly Bad[] = [
  of('bytes that are no text', Buffer.from([0, 1, 2, 0xff, 0xfe, 0x80, 0x0a]), 'not_text'),
  of('JSON with broken UTF-8', Buffer.from([...Buffer.from('{"a":"'), 0xc3, 0x28, ...Buffer.from('"}')]), 'not_text'),
  of('control characters', 'a\u0001b\u0002', 'not_text'),
  of('a short text', 'pump is running hot', null),
  of('a long text', 'The pump is running hot. '.repeat(20), 'not_json'),
  of('JSON that was cut', '{"pressure": 5.1, "fl', 'not_json'),
  of('nothing', '', 'empty'),
  of('only space', ' \n', 'empty'),
  of('5 MB of JSON', JSON.stringify({ blob: 'y'.repeat(5_000_000) }), 'too_large'),
  of('a bare NaN', 'NaN', 'not_finite'),
  of('NaN in JSON', '{"value": NaN}', 'not_finite'),
  of('a bare 1e400', '1e400', 'not_finite'),
  of('1e400 in JSON', '{"pressure": 1e400}', 'not_finite'),
  of('null', 'null', 'no_value'),
  of('a clock of 1970', '{"pressure": 5.2, "ts": 0}', null),
  of('a clock of 2100', '{"pressure": 5.3, "ts": 4102444800000}', null),
  of('a key twice', '{"pressure": 1, "pressure": 5.4}', null),
  of(
    '__proto__',
    '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 2}}, "pressure": 5.5}',
    null,
  ),
  of('100 levels', `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`, 'too_deep'),
  of(
    '10,000 fields',
    JSON.stringify(Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, i]))),
    'too_large',
  ),
  of('a byte order mark', '\ufeff{"pressure": 5.6}', null),
  { ...of('a topic of 60 kB', '{"pressure": 5.7}', null), topic: longTopic },
  { ...of('a topic of 60 kB that cannot be read', '{"pressure":', 'not_json'), topic: longTopic },
]

function of(what: string, bytes: string | Buffer, reason: UndecodableReason | null): Bad {
  return { what, topic, bytes: Buffer.from(bytes as string), reason }
}

describe.skipIf(!hasMosquitto || !hasChromium)('what nobody should send', () => {
  const data = mkdtempSync(join(tmpdir(), 'fieldwatch-bad-input-'))
  let mosquitto: Mosquitto
  let app: App
  let client: Client
  let browser: Browser
  let good: Good

  beforeAll(async () => {
    mkdirSync(shots, { recursive: true })
    mosquitto = await startMosquitto({ conf: 'message_size_limit 0\nmax_queued_messages 0' })
    const source = { name: 'plant', url: mosquitto.url, topics: ['#'] }
    writeFileSync(join(data, 'config.json'), JSON.stringify({ site: 'Odd plant', zone: 'UTC', sources: [source] }))
    app = await startApp(['--data', data])
    client = await openClient(app)
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArgs })
    await until('the source is up', async () => (await client.call('status', {})).sources[0]?.state === 'up')
    good = new Good(await mqtt.connectAsync(mosquitto.url))
  })

  afterAll(async () => {
    await good?.stop()
    await browser?.close()
    client?.close()
    await app?.kill()
    await mosquitto?.stop()
    rmSync(data, { recursive: true, force: true })
  })

  test('is in the log byte for byte, in order, between the readings of a good device', {
    timeout: 120_000,
  }, async () => {
    for (let i = 0; i < 120; i++) await good.publish()
    const publisher = await mqtt.connectAsync(mosquitto.url)
    for (let round = 0; round < rounds; round++)
      for (const each of bad) {
        await publisher.publishAsync(each.topic, each.bytes, { qos: 1 })
        await good.publish()
      }
    await publisher.endAsync()
    good.start()
    const wanted = Array.from({ length: rounds }, () => bad).flat()
    const stored = await until('all of them in the log', () => storedBad(wanted.length))
    const differing = wanted.filter(
      (each, i) => stored[i]!.topic !== each.topic || !each.bytes.equals(stored[i]!.bytes),
    )
    expect(differing.map((each) => each.what)).toEqual([])
    expect(stored.length).toBe(wanted.length)
  })

  test('is counted by its reason', async () => {
    const wanted: Record<string, number> = {}
    for (const { reason } of bad) if (reason !== null) wanted[reason] = (wanted[reason] ?? 0) + rounds
    const total = Object.values(wanted).reduce((sum, n) => sum + n, 0)
    const { undecodable } = await until('all of them counted', async () => {
      const health = await client.call('health', { at: null })
      return health.undecodable.total >= total && health
    })
    expect(undecodable).toEqual({ total, byReason: wanted })
    const { rows } = await client.call('messages', {
      device: null,
      before: null,
      limit: 500,
      at: null,
      undecodable: true,
    })
    const reasons = bad.filter((each) => each.reason !== null).map((each) => each.reason)
    expect(rows.map((row) => row.undecodable)).toEqual(
      Array.from({ length: rounds }, () => reasons)
        .flat()
        .reverse(),
    )
  })

  test('disturbs no other device: its readings are complete and it is normal', async () => {
    const sent = await good.pause()
    const found = await until('all readings of the good device', async () => {
      const readings = await goodReadings()
      return readings.length >= sent && readings
    })
    expect(found).toEqual(Array.from({ length: sent }, (_, i) => valueAt(i)))
    const { row } = await client.call('device', { id: goodTopic, at: null })
    expect({ label: row.label, state: row.state, value: row.value }).toEqual({
      label: 'P-204',
      state: 'normal',
      value: valueAt(sent - 1),
    })
    good.start()
  })

  test('is read as far as it can be: no clock, key or prototype is believed', async () => {
    const { signals } = await client.call('device', { id: topic, at: null })
    const names = signals.map((each) => each.signal)
    for (const name of ['pressure', '__proto__.polluted', 'constructor.prototype.polluted'])
      expect(names).toContain(name)
    const { rows } = await client.call('messages', {
      device: topic,
      before: null,
      limit: 500,
      at: null,
      undecodable: false,
    })
    const now = Date.now()
    for (const reading of rows.flatMap((each) => each.readings))
      expect(Math.abs(reading.time - now)).toBeLessThan(600_000)
    expect((await client.call('status', {})).stopped).toEqual([])
    expect(app.said()).not.toMatch(/error|exception/i)
  })

  test.skipIf(process.platform !== 'linux')(`costs less than ${mostMegabytes} MB of memory at its highest`, () => {
    const high = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${app.pid}/status`, 'utf8'))![1]) / 1024
    expect(high).toBeLessThan(mostMegabytes)
  })

  test.each(['light', 'dark'] as const)(
    'is named on screen, and breaks no page, %s',
    { timeout: 120_000 },
    async (theme) => {
      const page = await enter(theme)
      const complaints: string[] = []
      page.on('console', (line) => line.type() === 'error' && complaints.push(line.text()))
      page.on('pageerror', (error) => complaints.push(error.message))

      await page.goto(`${client.origin}/#/health`)
      const heading = page.getByRole('heading', { name: 'Kept, but not readable' })
      await heading.waitFor()
      const counted = page.locator('section', { has: heading })
      await counted.getByText('nested too deep').waitFor()
      expect(await counted.textContent()).toContain('a number without an end')
      await look(page, `health-${theme}`)

      await counted.getByRole('link', { name: 'Open' }).click()
      const list = page.getByLabel('Messages, newest first')
      await list.getByText('nested too deep').first().waitFor()
      await list.getByText('not JSON').first().click()
      await page.getByText(/^Not read: not JSON/).waitFor()
      await look(page, `not-readable-${theme}`)

      await page.goto(`${client.origin}/#/device/${encodeURIComponent(topic)}/messages`)
      await list.getByText('nested too deep').first().waitFor()
      await list.getByText('too large').first().click()
      await page.getByText(/^Read in part: too large/).waitFor()
      await look(page, `messages-${theme}`)

      const { rows } = await client.call('devices', { at: null, sort: 'area', filter: 'xxxx', from: 0, count: 1 })
      await page.goto(`${client.origin}/#/device/${encodeURIComponent(rows[0]!.device)}/messages`)
      await list.getByText('pressure 5.7').first().click()
      await look(page, `long-topic-${theme}`)
      await page.getByRole('switch', { name: 'Only what could not be read' }).click()
      await list.getByText('not JSON').first().waitFor()
      await page.goto(`${client.origin}/#/device/${encodeURIComponent(rows[0]!.device)}/details`)
      await page.getByText('pressure').first().waitFor()
      expect((await page.locator('main').textContent())!.length).toBeLessThan(5_000)
      await look(page, `long-topic-details-${theme}`)
      expect(complaints).toEqual([])
      await page.context().close()
    },
  )

  function enter(colorScheme: 'light' | 'dark'): Promise<Page> {
    const viewport = { width: 1280, height: 800 }
    return enterPage(browser, client, { viewport, colorScheme, reducedMotion: 'reduce' })
  }

  /** Everything bad, as exported, once there are `n`. */
  async function storedBad(n: number): Promise<readonly { readonly topic: string; readonly bytes: Buffer }[] | null> {
    const found = (await exported()).filter((record) => record.topic !== goodTopic)
    return found.length < n ? null : found.map((record) => ({ topic: record.topic, bytes: bytesOf(record) }))
  }

  async function goodReadings(): Promise<readonly number[]> {
    const found = (await exported()).filter((record) => record.topic === goodTopic)
    return found.map((record) => (JSON.parse(record.text!) as { flow: number }).flow)
  }

  async function exported(): Promise<readonly Exported[]> {
    const out = join(data, 'export.jsonl')
    const { code, err } = await runFieldwatch(['export', '--format', 'jsonl', '--data', data, '--out', out])
    expect(code, err).toBe(0)
    return readFileSync(out, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Exported)
      .filter((record) => record.kind === 'message')
  }
})

interface Exported {
  readonly kind: string
  readonly topic: string
  readonly text?: string
  readonly base64?: string
}

function bytesOf({ text, base64 }: Exported): Buffer {
  return text === undefined ? Buffer.from(base64!, 'base64') : Buffer.from(text)
}

/** Nothing stands out of the window, and axe finds nothing. Keeps a picture. */
async function look(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(shots, `${name}.png`) })
  const wide = await page.evaluate(() =>
    [...document.querySelectorAll('main *')]
      .filter((each) => {
        const box = each.getBoundingClientRect()
        return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1)
      })
      .map((each) => `${each.tagName} ${each.className} ${each.textContent?.slice(0, 40)}`),
  )
  expect(wide, `${name}: what stands out of the window`).toEqual([])
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`),
    name,
  ).toEqual([])
}

function valueAt(i: number): number {
  return 40 + ((i * 7) % 10) / 10
}

/** A device that sends all the time, and counts. */
class Good {
  private readonly client: MqttClient
  private sent = 0
  private running: Promise<void> | null = null
  private on = false

  constructor(client: MqttClient) {
    this.client = client
  }

  async publish(): Promise<void> {
    await this.client.publishAsync(goodTopic, JSON.stringify({ flow: valueAt(this.sent) }), { qos: 1 })
    this.sent += 1
  }

  /** Sends on until `pause`, so that it is not silent. */
  start(): void {
    this.on = true
    this.running = this.go()
  }

  /** Answers how many it has sent. */
  async pause(): Promise<number> {
    this.on = false
    await this.running
    return this.sent
  }

  async stop(): Promise<void> {
    await this.pause()
    await this.client.endAsync()
  }

  private async go(): Promise<void> {
    while (this.on) {
      await this.publish()
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
