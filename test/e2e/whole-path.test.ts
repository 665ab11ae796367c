import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Alert } from '../../core/contract/model.ts'
import { type App, openClient, runFieldwatch, startApp, until } from '../support/app.ts'
import { chromiumArgs, chromiumPath, hasChromium } from '../support/chromium.ts'
import type { Client } from '../support/client.ts'
import { hasKafka, type Kafka, type ReadRecord, readAtLeast, startKafka } from '../support/kafka/kafka.ts'
import { hasMosquitto, type Mosquitto, startMosquitto } from '../support/mosquitto.ts'

const root = join(import.meta.dirname, '..', '..')
const recorded = ['machine_temperature', 'request_latency', 'cpu_utilization']
const shots = join(root, 'dist/screenshots/whole-path')
const parts = [hasMosquitto, hasKafka(), hasChromium]

/**
 * The main job, all parts real: recorded machine data is published over MQTT while the app is killed and Kafka is taken
 * away; then every message is in the log, every reading in Kafka exactly once, and the failure on the screen with its why.
 */
describe.skipIf(parts.includes(false))('the whole path, from a broker to Kafka and the screen', () => {
  const data = mkdtempSync(join(tmpdir(), 'fieldwatch-whole-path-'))
  const published = recorded.flatMap(rowsOf)
  let mosquitto: Mosquitto
  let kafka: Kafka
  let app: App
  let client: Client
  let browser: Browser
  let exported: readonly Exported[] = []
  let failure: Alert
  let playedAt = 0

  beforeAll(async () => {
    mkdirSync(shots, { recursive: true })
    // Without the bound the broker drops what comes while the app is down: its default keeps 1,000 messages.
    mosquitto = await startMosquitto({ conf: 'max_queued_messages 0' })
    kafka = await startKafka()
    writeFileSync(join(data, 'config.json'), JSON.stringify(configFor(mosquitto, kafka)))
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArgs })
  })

  afterAll(async () => {
    await browser?.close()
    client?.close()
    await app?.kill()
    await kafka?.remove()
    await mosquitto?.stop()
    rmSync(data, { recursive: true, force: true })
  })

  test('recorded data comes in while the app is killed and Kafka is away', { timeout: 300_000 }, async () => {
    await run()
    playedAt = Date.now()
    const play = startPlay(mosquitto)
    await until('a part of the data in the log', async () => (await head()) > published.length * 0.25)
    client.close()
    await app.kill()
    await run()
    await until('something confirmed by Kafka', async () => (await destination()).confirmed.transactions > 0)
    await kafka.stop()
    await until('the app says that it waits for Kafka', async () => (await destination()).state === 'waiting')
    expect((await destination()).error?.message).toMatch(/refuse|connect/i)
    await kafka.restart()
    await ended(play)
    await until('as many messages as were published', async () => (await messagesInLog()) >= published.length, 60_000)
  })

  test('every published message is in the log', { timeout: 120_000 }, async () => {
    exported = await until('a last redelivery', () => settled(data))
    const stored = exported.filter((record) => record.kind === 'message' && record.source === 'plant')
    const values = (topic: string) => stored.filter((record) => record.topic === topic).map(valueIn)
    for (const name of recorded) {
      const seen = new Set(values(topicOf(stored, name)))
      const missing = rowsOf(name).filter((row) => !seen.has(row.value))
      expect(missing, `${name}: values published and not stored`).toEqual([])
    }
    expect(new Set(stored.map((record) => `${record.topic} ${record.text}`)).size).toBe(published.length)
  })

  test('Kafka holds each reading exactly once, in order per device', { timeout: 180_000 }, async () => {
    const readings = exported.filter((record) => record.kind === 'message')
    const last = readings.at(-1)!.offset
    await until('Kafka has been sent everything', async () => (await destination()).next > last, 120_000)
    const records = await readAtLeast(kafka.address, 'edge.telemetry.v1', readings.length)
    const ids = records.map(idOf)
    expect(new Set(ids).size, 'records in Kafka, doubles left out').toBe(ids.length)
    const installation = ids[0]!.split(':')[0]
    const wanted = new Set(readings.map((record) => `${installation}:${record.offset}:0`))
    expect(
      ids.filter((id) => !wanted.has(id)),
      'records in Kafka that are not in the log',
    ).toEqual([])
    expect([...wanted].filter((id) => !ids.includes(id)).length, 'records of the log missing in Kafka').toBe(0)
    expect(outOfOrder(records)).toEqual([])
  })

  test('the failure of the machine is an alert with its explanation, in the browser', {
    timeout: 120_000,
  }, async () => {
    failure = await until('the alert of the recorded failure', () => findFailure())
    expect(failure.historical).toBe(true)
    const page = await openPage(`#/alerts/${encodeURIComponent(failure.id)}?show=history`)
    await page.getByRole('heading', { level: 1, name: failure.title }).waitFor()
    await page.getByText('Evidence', { exact: true }).waitFor()
    const shown = await page.locator('main').textContent()
    expect(shown).toContain(failure.explanation.why)
    expect(shown).toMatch(/historical/)
    await page.waitForTimeout(600) // for the picture only: the chart has drawn
    await page.screenshot({ path: join(shots, 'failure.png') })
    await page.close()
  })

  test('the time bar goes back to before the failure, and it is not there', { timeout: 120_000 }, async () => {
    const opened = Number(exported.find((record) => record.offset === failure.opened)!.time)
    const page = await openPage('#/alerts?show=history')
    await page.getByRole('navigation', { name: 'Alerts' }).getByText('Machine temperature').first().waitFor()
    await dragBackTo(page, opened - 1)
    await page.getByText(/You see/).waitFor()
    const shown = instantOf(page)
    expect(shown).toBeLessThan(opened)
    const link = page.locator(`a[href*="${encodeURIComponent(failure.id)}"]`)
    await until('the alerts of that instant', async () => (await link.count()) === 0)
    const then = await client.call('alerts', { at: shown, show: 'history', device: null, limit: 1_000 })
    expect(then.rows.map((row) => row.alert.id)).not.toContain(failure.id)
    await page.screenshot({ path: join(shots, 'before-the-failure.png') })
    const all = await client.call('alerts', { at: null, show: 'history', device: null, limit: 1_000 })
    const first = Math.min(...all.rows.map((row) => row.alert.opened))
    const quiet = Number(exported.find((record) => record.offset === first)!.time) - 1
    await page.goto(`${client.origin}/#/alerts?at=${new Date(quiet).toISOString()}`)
    await page.getByText('No open alerts then').waitFor()
    await page.keyboard.press('l')
    await page.getByText(/You see/).waitFor({ state: 'detached' })
    await page.locator(`a[href*="${encodeURIComponent(failure.id)}"]`).waitFor()
    await page.close()
  })

  test('an ordered stop ends with 0 and the log verifies', { timeout: 60_000 }, async () => {
    client.close()
    expect(await app.stop()).toBe(0)
    const verified = await runFieldwatch(['verify', '--data', data])
    expect(verified.code, verified.err).toBe(0)
  })

  async function run(): Promise<void> {
    app = await startApp(['--data', data])
    client = await openClient(app)
  }

  /** A page of the browser that the app lets in. */
  async function openPage(hash: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    const [name, value] = client.cookie.split('=')
    await page.context().addCookies([{ name: name!, value: value!, url: client.origin }])
    await page.goto(`${client.origin}/${hash}`)
    return page
  }

  async function head(): Promise<number> {
    return (await client.call('bounds', {})).head
  }

  async function messagesInLog(): Promise<number> {
    const { sources } = await client.call('continuity', { at: null, from: null, until: null })
    return sources.reduce((sum, source) => sum + source.messages, 0)
  }

  async function destination() {
    const rows = await client.call('destinations', {})
    const row = rows[0]
    if (row === undefined) throw new Error('no destination yet')
    return row
  }

  /** The alert that begins in the days of the failure, by the place of its rows in the recording. */
  async function findFailure(): Promise<Alert | null> {
    const { rows } = await client.call('alerts', { at: null, show: 'history', device: null, limit: 1_000 })
    const shift = playedAt - Math.max(...published.map((row) => row.ts))
    const [from, to] = failureWindow.map((ts) => ts + shift)
    const inside = ({ alert }: { readonly alert: Alert }) =>
      alert.device === 'machine_temperature' && alert.since >= from! && alert.since <= to!
    return rows.find(inside)?.alert ?? null
  }
})

/** The labelled window of the failure of 7 to 9 February 2014, with a quarter of an hour for the re-dating. */
const failureWindow = [1391784900000 - 900_000, 1391954700000 + 900_000]

interface Exported {
  readonly offset: number
  readonly time: string | number
  readonly kind: string
  readonly source: string
  readonly topic: string
  readonly repeat: boolean
  readonly text?: string
}

function configFor(mosquitto: Mosquitto, kafka: Kafka) {
  return {
    site: 'Recorded plant',
    zone: 'UTC',
    sources: [{ name: 'plant', url: mosquitto.url, topics: ['#'] }],
    destinations: [
      {
        name: 'central',
        brokers: [kafka.address],
        create: { allowed: true, partitions: 3, replication: 1, retentionHours: -1 },
      },
    ],
  }
}

/** Thirty-four recorded days in about half a minute. */
function startPlay(mosquitto: Mosquitto): ChildProcess {
  const files = recorded.map((name) => join(root, `test/fixtures/nab/${name}.csv`))
  const cli = join(root, 'dist/core/host/cli.js')
  const args = [cli, 'play', ...files, '--broker', mosquitto.url, '--speed', '100000']
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null) await once(child, 'exit')
  expect(child.exitCode).toBe(0)
}

async function exportAll(data: string): Promise<readonly Exported[]> {
  const { code, out, err } = await runFieldwatch(['export', '--format', 'jsonl', '--data', data])
  expect(code, err).toBe(0)
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Exported)
}

/** The log, once nothing more has come for a second. */
async function settled(data: string): Promise<readonly Exported[] | null> {
  const before = await exportAll(data)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const after = await exportAll(data)
  const messages = (records: readonly Exported[]) => records.filter((record) => record.kind === 'message').length
  return messages(before) === messages(after) ? after : null
}

function rowsOf(name: string): readonly { readonly ts: number; readonly value: number }[] {
  const [, ...lines] = readFileSync(join(root, `test/fixtures/nab/${name}.csv`), 'utf8')
    .trim()
    .split('\n')
  return lines.map((line) => {
    const [ts, value] = line.split(',').map(Number)
    return { ts: ts!, value: value! }
  })
}

function topicOf(records: readonly Exported[], name: string): string {
  const topic = records.find((record) => record.topic.endsWith(name))?.topic
  if (topic === undefined) throw new Error(`no record of ${name} in the log`)
  return topic
}

function valueIn(record: Exported): number {
  return (JSON.parse(record.text ?? '{}') as { value: number }).value
}

function idOf(record: ReadRecord): string {
  const { source, offset, index } = JSON.parse(record.value) as { source: string; offset: number; index: number }
  return `${source}:${offset}:${index}`
}

/** Records whose log offset is not above the one before it of the same device. */
function outOfOrder(records: readonly ReadRecord[]): readonly string[] {
  const newest = new Map<string, number>()
  return records
    .filter((record) => {
      const { offset } = JSON.parse(record.value) as { offset: number }
      const before = newest.get(record.key) ?? -1
      newest.set(record.key, offset)
      return offset <= before
    })
    .map(idOf)
}

/** Takes the play head of the time bar from live to the nearest pixel that lies before `before`. */
async function dragBackTo(page: Page, before: number): Promise<void> {
  const bar = page.getByRole('slider', { name: 'Instant shown' })
  const box = (await bar.boundingBox())!
  const number = async (name: string) => Number(await bar.getAttribute(`aria-value${name}`))
  const [from, until, now] = [await number('min'), await number('max'), await number('now')]
  const x = (at: number) => box.x + ((at - from) / (until - from)) * box.width
  await page.mouse.move(x(now), box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(Math.floor(x(before)) - 1, box.y + box.height / 2, { steps: 5 })
  await page.mouse.up()
}

/** The past instant in the address of the page; NaN when it is live. */
function instantOf(page: Page): number {
  return Date.parse(new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('at') ?? '')
}
