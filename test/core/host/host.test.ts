import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sourceOf } from '../../../core/config/settings.ts'
import type { MessageRow } from '../../../core/contract/calls.ts'
import { type Client, connectClient } from '../../support/client.ts'
import { hotRule } from '../../support/hot-rule.ts'
import { hasMosquitto, type Mosquitto, startMosquitto } from '../../support/mosquitto.ts'

// The program as a process of its own, from its sources, with a real broker before it.

const cli = join(import.meta.dirname, '../../../core/host/cli.ts')

let dir: string
let started: ChildProcess[]
let clients: Client[]
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fieldwatch-host-'))
  started = []
  clients = []
})
afterEach(async () => {
  for (const client of clients) client.close()
  for (const child of started) await end(child, 'SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

describe.skipIf(!hasMosquitto)('a host with a broker', () => {
  let broker: Mosquitto
  let publisher: MqttClient
  beforeEach(async () => {
    broker = await startMosquitto()
    publisher = await connectAsync(broker.url)
    const config = { sources: [{ name: 'plant', url: broker.url, topics: ['plant/#'] }], server: { port: 0 } }
    writeFileSync(join(dir, 'config.json'), JSON.stringify(config))
  })
  afterEach(async () => {
    await publisher.endAsync(true)
    await broker.stop()
  })

  test('shows what is published: devices, signals, messages, and an alert that is acknowledged', async () => {
    const { api } = await serve()
    await connected(api)
    await api.call('command', { name: 'rule.put', value: hot })
    for (let i = 0; i < 20; i++) await publish(i, i < 10 ? 20 : 95)
    const { rows } = await until(
      () => api.call('alerts', { at: null, show: 'open', device: null, limit: 10 }),
      ({ total }) => total > 0,
    )
    expect(rows[0]!.alert).toMatchObject({
      rule: 'hot',
      device: 'plant/line-1/p-1',
      signal: 'temperature',
      priority: 1,
      acknowledged: null,
    })

    const devices = await api.call('devices', { at: null, sort: 'worst', filter: '', from: 0, count: 10 })
    expect(devices.rows[0]).toMatchObject({ device: 'plant/line-1/p-1', state: 'alert', priority: 1 })
    const { signals } = await api.call('device', { id: 'plant/line-1/p-1', at: null })
    expect(signals.find(({ signal }) => signal === 'temperature')).toMatchObject({ type: 'number', value: 95 })
    const page = await api.call('messages', {
      device: 'plant/line-1/p-1',
      before: null,
      limit: 50,
      at: null,
      undecodable: false,
    })
    expect(page.rows).toHaveLength(20)

    const ids = [rows[0]!.alert.id]
    await api.call('command', { name: 'ack', value: { ids, note: 'on my way', by: 'anna' } })
    const detail = await until(
      () => api.call('alert', { id: ids[0]!, at: null }),
      ({ alert }) => alert.acknowledged !== null,
    )
    expect(detail.alert.acknowledged).toMatchObject({ by: 'anna', note: 'on my way' })
    expect(detail.journal.map(({ phase }) => phase)).toEqual(['opened', 'acknowledged'])
  })

  test('tells how it keeps up: on the page, and to Prometheus with its token', async () => {
    const { api } = await serve()
    await connected(api)
    for (let i = 0; i < 20; i++) await publish(i, 20)
    const { recorder } = await until(
      () => api.call('status', {}),
      (status) => (status.recorder?.acknowledged ?? null) !== null,
    )
    expect(recorder!.queue).toMatchObject({ maxBytes: 8_000_000, pausedSince: null })
    expect(recorder!.commit!.p99).toBeGreaterThanOrEqual(recorder!.commit!.p50)
    const authorization = `Bearer ${readFileSync(join(dir, 'metrics-token'), 'utf8').trim()}`
    const text = await until(
      async () => (await fetch(`${api.origin}/metrics`, { headers: { authorization } })).text(),
      (told) => /fieldwatch_messages_total\{source="plant"\} 20\n/.test(told),
    )
    expect(text).toMatch(/fieldwatch_acknowledge_seconds_count 20\n/)
    expect(text).toMatch(/fieldwatch_source_up\{source="plant"\} 1\n/)
    expect(text).toMatch(/fieldwatch_thread_restarts_total\{thread="ingest"\} 0\n/)
    expect(text).toMatch(/fieldwatch_wal_bytes [1-9]/)
  })

  test('killed in the middle loses nothing that it acknowledged, and shows each message once after the restart', async () => {
    const first = await serve()
    await connected(first.api)
    for (let i = 0; i < 300; i++) await publish(i, 20)
    await end(first.child, 'SIGKILL')
    for (let i = 300; i < 400; i++) await publish(i, 20)

    const second = await serve()
    for (let i = 400; i < 500; i++) await publish(i, 20)
    const rows = await until(
      () => allMessages(second.api),
      (found) => seen(found).size === 500,
    )
    expect([...seen(rows)].sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, i) => i))
    const own = rows.filter(({ record }) => !record.repeat).map(({ text }) => text)
    expect(new Set(own).size).toBe(own.length)
    const { sources } = await second.api.call('continuity', { at: null, from: null, until: null })
    expect(sources.find(({ source }) => source === 'plant')).toMatchObject({ messages: rows.length })
  })

  test('a broker that goes away is shown as down, and up again', async () => {
    const { api } = await serve()
    await connected(api)
    await broker.halt()
    await until(
      () => api.call('status', {}),
      ({ sources }) => sources[0]?.state === 'down',
    )
    await broker.start()
    await connected(api)
  })

  test('a source put into the configuration is captured at once, and one taken out no more', async () => {
    writeFileSync(join(dir, 'config.json'), '{}')
    const { api } = await serve()
    const config = await api.call('config', {})
    expect((await api.call('status', {})).sources).toEqual([])
    const source = sourceOf('late', broker.url)
    await api.call('config.put', { config: { ...config, sources: [source] }, secrets: [] })
    await connected(api)
    await publish(1, 20)
    await until(
      () => allMessages(api),
      (rows) => rows.length === 1,
    )
    await api.call('config.put', { config, secrets: [] })
    await until(
      () => api.call('status', {}),
      ({ sources }) => sources.length === 0,
    )
  })

  test('a source whose address is mistyped in an edit has all that was sent meanwhile when it is mended', async () => {
    const { api } = await serve()
    await connected(api)
    await publish(0, 20)
    await until(
      () => allMessages(api),
      (rows) => rows.length === 1,
    )
    const config = await api.call('config', {})
    const put = (url: string) => {
      const sources = config.sources.map((source) => ({ ...source, url }))
      return api.call('config.put', { config: { ...config, sources }, secrets: [] })
    }
    await put('mqtt://127.0.0.1:1')
    await until(
      () => api.call('status', {}),
      ({ sources }) => sources[0]?.state === 'down',
    )
    for (let i = 1; i < 20; i++) await publish(i, 20)
    await put(broker.url)
    await until(
      () => allMessages(api),
      (rows) => seen(rows).size === 20,
    )
    const { sources } = await api.call('continuity', { at: null, from: null, until: null })
    expect(sources[0]!.gaps.map(({ cause }) => cause)).toEqual(['settings changed', 'broker link down'])
  })

  async function publish(i: number, temperature: number): Promise<void> {
    await publisher.publishAsync('plant/line-1/p-1', JSON.stringify({ i, temperature }), { qos: 1 })
  }
})

test('the broker inside runs as config.json says, and its devices stand beside those of other brokers', async () => {
  const config = { broker: { enabled: true, port: 0, username: 'devices' }, server: { port: 0 } }
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config))
  const { api } = await serve()
  const { sources } = await until(
    () => api.call('status', {}),
    (status) => status.sources[0]?.state === 'action needed',
  )
  expect(sources[0]?.error?.message).toBe('the built-in broker has no password for its user "devices"')
  const secrets = [{ name: 'broker/password', value: 'right' }]
  await api.call('config.put', { config: await api.call('config', {}), secrets })
  await connected(api)
  const { url } = (await api.call('status', {})).sources[0]!
  const device = await connectAsync(url, { protocolVersion: 4, username: 'devices', password: 'right' })
  await device.publishAsync('plant/line-1/p-1', '{"temperature":20}', { qos: 1 })
  await device.endAsync()
  const rows = await until(
    () => allMessages(api),
    (all) => all.length === 1,
  )
  expect(rows[0]!.record.topic).toEqual({ source: 'built-in', name: 'plant/line-1/p-1' })
})

test('a second instance on the same data is refused in a sentence, with exit code 1', async () => {
  const { child } = await serve()
  const second = run('serve', '--data', dir)
  let said = ''
  second.stderr!.on('data', (chunk) => {
    said += chunk
  })
  const [code] = await once(second, 'exit')
  expect(code).toBe(1)
  expect(said).toMatch(new RegExp(`in use by another Fieldwatch \\(process ${child.pid}\\)`))
})

test('asked to stop, it stops in order with exit code 0, and gives the directory back', async () => {
  const { child } = await serve()
  expect(await end(child, 'SIGTERM')).toBe(0)
  const again = await serve()
  expect(await end(again.child, 'SIGINT')).toBe(0)
})

test('a wrong configuration ends it with the field and the way out', async () => {
  writeFileSync(join(dir, 'config.json'), JSON.stringify({ sources: [{ name: 'a', url: 'tcp:/x' }] }))
  const child = run('serve', '--data', dir)
  let said = ''
  child.stderr!.on('data', (chunk) => {
    said += chunk
  })
  expect((await once(child, 'exit'))[0]).toBe(1)
  expect(said).toMatch(/sources\[0\]\.url: "tcp:\/x" is not the address/)
})

const hot = hotRule(90, { scope: { device: '*', signal: 'temperature' }, priority: 1 })

function run(...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  started.push(child)
  return child
}

/** The program, ready, and a page of it. */
async function serve(): Promise<{ readonly child: ChildProcess; readonly api: Client }> {
  const child = run('serve', '--json', '--port', '0', '--data', dir)
  let said = ''
  child.stderr!.on('data', (chunk) => {
    said += chunk
  })
  const line = Promise.withResolvers<string>()
  createInterface({ input: child.stdout! }).once('line', line.resolve)
  child.once('exit', (code) => line.reject(new Error(`it ended with ${code}: ${said}`)))
  const api = await connectClient((JSON.parse(await line.promise) as { url: string }).url)
  clients.push(api)
  return { child, api }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
  return child.exitCode
}

function connected(api: Client): Promise<unknown> {
  return until(
    () => api.call('status', {}),
    ({ sources }) => sources.length === 1 && sources[0]!.state === 'up',
  )
}

async function allMessages(api: Client): Promise<readonly MessageRow[]> {
  const rows: MessageRow[] = []
  let before: number | null = null
  for (;;) {
    const page: { rows: readonly MessageRow[]; more: boolean; next: number | null } = await api.call('messages', {
      device: 'plant/line-1/p-1',
      before,
      limit: 200,
      at: null,
      undecodable: false,
    })
    rows.push(...page.rows)
    if (!page.more) return rows
    before = page.next
  }
}

function seen(rows: readonly MessageRow[]): Set<number> {
  return new Set(rows.map(({ text }) => (JSON.parse(text ?? '') as { i: number }).i))
}

/** Asks until the fact is there; the test's own limit ends it. */
async function until<T>(ask: () => Promise<T>, fact: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask().catch(() => null) // a device that is not there yet
    if (answer !== null && fact(answer)) return answer
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
