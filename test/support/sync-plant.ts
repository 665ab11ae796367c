import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import type { Config, DestinationConfig, DestinationRow } from '../../core/contract/calls.ts'
import { type App, openClient, startApp, until } from './app.ts'
import type { Client } from './client.ts'
import { asAdmin, makeTopics } from './kafka/admin.ts'
import { destinationAt } from './kafka/destination.ts'
import { freePorts, type Kafka, startKafka } from './kafka/kafka.ts'

/** What the Sync page can show of a second destination beside one that is live. */
export const scenes = [
  'live',
  'catching-up',
  'waiting',
  'topic-missing',
  'permission-missing',
  'set-aside',
  'fenced',
  'paused',
] as const
export type Scene = (typeof scenes)[number]

/** A recorder with devices that publish, and a real Kafka; everything on loopback. */
export interface SyncPlant {
  readonly client: Client
  readonly kafka: Kafka
  /** Its data directory. */
  readonly data: string
  /** Resolves to the row of the second destination when it stands as the scene says. */
  show(scene: Scene): Promise<DestinationRow>
  /** So many messages, and resolves when they are acknowledged. */
  publish(count: number): Promise<void>
  stop(): Promise<void>
}

export async function startSyncPlant(): Promise<SyncPlant> {
  const kafka = await startKafka({ secure: true })
  const data = mkdtempSync(join(tmpdir(), 'fieldwatch-sync-plant-'))
  const [broker, nobody] = await freePorts(2)
  const first = named('plant-eu', kafka.address, 'edge')
  writeFileSync(
    join(data, 'config.json'),
    JSON.stringify({
      site: 'Nordhavn Dairy',
      zone: 'Europe/Copenhagen',
      broker: { enabled: true, host: '127.0.0.1', port: broker, username: null },
      destinations: [first],
    }),
  )
  const app = await startApp(['--data', data])
  const client = await openClient(app)
  const devices = await connectAsync(`mqtt://127.0.0.1:${broker}`)
  return new RunningPlant({ app, client, kafka, data, devices, first, nobody: `127.0.0.1:${nobody}` })
}

function named(
  name: string,
  address: string,
  topics: string,
  more: Partial<DestinationConfig> = {},
): DestinationConfig {
  return {
    ...destinationAt(address, name),
    topics: {
      telemetry: `${topics}.telemetry.v1`,
      alerts: `${topics}.alerts.v1`,
      status: `${topics}.status`,
      deadletter: `${topics}.deadletter.v1`,
    },
    ...more,
  }
}

interface Parts {
  readonly app: App
  readonly client: Client
  readonly kafka: Kafka
  readonly data: string
  readonly devices: MqttClient
  readonly first: DestinationConfig
  /** An address where nothing listens. */
  readonly nobody: string
}

class RunningPlant implements SyncPlant {
  readonly client: Client
  readonly kafka: Kafka
  readonly data: string
  private readonly parts: Parts
  private sent = 0
  private quiet = false
  private readonly pulse: NodeJS.Timeout
  private copy: { readonly app: App; readonly data: string } | null = null

  constructor(parts: Parts) {
    this.parts = parts
    this.client = parts.client
    this.kafka = parts.kafka
    this.data = parts.data
    this.pulse = setInterval(() => void (this.quiet || this.publish(20)), 250)
  }

  async publish(count: number): Promise<void> {
    const { devices } = this.parts
    const messages = Array.from({ length: count }, () => this.message(this.sent++))
    await Promise.all(messages.map(([topic, payload]) => devices.publishAsync(topic, payload, { qos: 1 })))
  }

  async show(scene: Scene): Promise<DestinationRow> {
    await this.endCopy()
    const { first } = this.parts
    const second = await this.second(scene)
    await this.put(second === null ? [first] : [first, second])
    const { name } = second ?? first
    if (scene === 'fenced') await this.startCopy(second!)
    if (scene === 'set-aside') await this.parts.devices.publishAsync('packing/line-3', tooLarge, { qos: 1 })
    return until(`the scene ${scene}`, () => this.row(name, isThere[scene]), 120_000)
  }

  async stop(): Promise<void> {
    clearInterval(this.pulse)
    const { app, client, devices, kafka, data } = this.parts
    await this.endCopy()
    await devices.endAsync(true)
    client.close()
    await app.stop()
    await kafka.remove()
    rmSync(data, { recursive: true, force: true })
  }

  private message(n: number): readonly [topic: string, payload: string] {
    const device = n % 48
    const value = 40 + device + Math.sin(n / 400) * 3
    return [`hall-${device % 4}/machine-${device}`, JSON.stringify({ temperature: value, pressure: value / 10 })]
  }

  private async second(scene: Scene): Promise<DestinationConfig | null> {
    const { kafka, nobody } = this.parts
    const { address } = kafka
    switch (scene) {
      case 'live':
        return null
      case 'catching-up':
        await this.publish(20_000)
        return named('hq-archive', address, 'archive', { maxBytesPerSecond: 40_000 }) // more than comes meanwhile
      case 'waiting':
        return named('hq-analytics', nobody, 'hq')
      case 'topic-missing':
        return named('hq-reports', address, 'reports', { create: { ...this.parts.first.create, allowed: false } })
      case 'permission-missing': {
        await makeTopicsOf(address, 'secure')
        const { login: secured, certificates } = kafka.secured!
        const login = { tls: true, ca: certificates.file('ca.pem'), sasl: 'scram-sha-512', username: 'edge1' } as const
        return named('hq-secure', secured, 'secure', login)
      }
      case 'set-aside':
        await makeTopicsOf(address, 'narrow', '20000')
        return named('hq-narrow', address, 'narrow', { start: 'now' })
      case 'fenced':
        return named('hq-shared', address, 'shared', { start: 'now' })
      case 'paused':
        return named('hq-monthly', address, 'monthly', { paused: true })
    }
  }

  private async put(destinations: readonly DestinationConfig[]): Promise<void> {
    const config = await this.client.call('config', {})
    const password = { name: 'destination/hq-secure/password', value: 'secret-1' }
    await this.client.call('config.put', { config: { ...config, destinations }, secrets: [password] })
  }

  private async row(name: string, fact: (row: DestinationRow) => boolean): Promise<DestinationRow> {
    const row = (await this.client.call('destinations', {})).find((one) => one.name === name)
    if (row !== undefined && fact(row)) return row
    throw new Error(`It stands so: ${JSON.stringify(row)}`)
  }

  /** A second program on a copy of the data, made while nothing is under way: it sends first, under the same name. */
  private async startCopy(shared: DestinationConfig): Promise<void> {
    await until('its first records sent', () => this.row(shared.name, ({ confirmed }) => confirmed.transactions > 0))
    this.quiet = true
    await until('all records sent', () =>
      this.row(shared.name, ({ next, acked, head }) => next === head && acked === head),
    )
    const data = mkdtempSync(join(tmpdir(), 'fieldwatch-sync-copy-'))
    cpSync(this.parts.data, data, { recursive: true })
    const [port] = await freePorts(1)
    const config = JSON.parse(readFileSync(join(data, 'config.json'), 'utf8')) as Config
    const own = { ...config, broker: { ...config.broker, port }, destinations: [shared] }
    writeFileSync(join(data, 'config.json'), JSON.stringify(own))
    const app = await startApp(['--data', data])
    this.copy = { app, data }
    const client = await openClient(app)
    const [before] = await client.call('destinations', {})
    const device = await connectAsync(`mqtt://127.0.0.1:${port}`)
    await device.publishAsync('hall-1/machine-1', '{"temperature":41}', { qos: 1 })
    await until('the copy to have sent', async () => {
      const [row] = await client.call('destinations', {})
      return row !== undefined && row.confirmed.transactions > (before?.confirmed.transactions ?? 0)
    })
    await device.endAsync(true)
    client.close()
    this.quiet = false
  }

  private async endCopy(): Promise<void> {
    if (this.copy === null) return
    await this.copy.app.kill()
    rmSync(this.copy.data, { recursive: true, force: true })
    this.copy = null
  }
}

const isThere: Readonly<Record<Scene, (row: DestinationRow) => boolean>> = {
  live: (row) => row.state === 'live' && row.confirmed.transactions > 3,
  'catching-up': (row) => row.state === 'catching up' && row.perSecond > 0,
  waiting: (row) => row.state === 'waiting' && row.attempt > 2 && row.retryAt !== null,
  'topic-missing': (row) => row.state === 'action needed' && row.error?.code === 'kafka_topic_missing',
  'permission-missing': (row) => row.state === 'action needed' && row.error?.grant !== null,
  'set-aside': (row) => row.aside > 0 && row.state === 'live',
  fenced: (row) => row.state === 'fenced',
  paused: (row) => row.state === 'paused' && row.waiting > 0,
}

/** A message that is read as nothing, so it goes as it came; no packing makes it small. */
const tooLarge = noise(60_000)

function noise(length: number): string {
  let state = 1
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647
    return String.fromCharCode(93 + (state % 33))
  }).join('')
}

async function makeTopicsOf(address: string, prefix: string, maxBytes = '1000000'): Promise<void> {
  const configEntries = [{ name: 'max.message.bytes', value: maxBytes }]
  const topics = [
    { topic: `${prefix}.telemetry.v1`, configEntries },
    ...['alerts.v1', 'status', 'deadletter.v1'].map((name) => ({ topic: `${prefix}.${name}` })),
  ]
  await asAdmin(address, (admin) => makeTopics(admin, topics))
}
