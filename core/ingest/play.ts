import { setTimeout as wait } from 'node:timers/promises'
import mqtt, { type MqttClient } from 'mqtt'
import type { Millis } from '../contract/model.ts'
import { brokerError } from './errors.ts'
import { type FileTopic, mergeRows, type NamedRow, readRows, topicsOf } from './files.ts'

export interface PlayOptions {
  readonly files: readonly string[]
  /** mqtt://, mqtts://, ws:// or wss:// */
  readonly broker: string
  /** Times as fast as it was recorded; max: as fast as the broker takes it. */
  readonly speed: number | 'max'
  /** False: all times are moved by the same span, so that the last reading is now. */
  readonly keepTimes: boolean
  /** Topics are the names of the files without extension, below this. */
  readonly prefix: string | null
  readonly username: string | null
  readonly password: string | null
  readonly now: () => Millis
  readonly signal?: AbortSignal
  /** After every thousandth message, and at the end. */
  readonly onProgress?: (published: number) => void
}

const inFlight = 200
const lostMs = 60_000

/**
 * Publishes the rows of files at QoS 1, by time, as `{"ts":ms,"value":x}`. Resolves when the broker has acknowledged all
 * of them. At most 200 are unacknowledged at a time. Throws FieldError broker_*.
 */
export async function playFiles(options: PlayOptions): Promise<{ readonly published: number }> {
  const files = topicsOf(options.files, options.prefix)
  const shift = options.keepTimes ? 0 : options.now() - (await lastTime(files, options.signal))
  const client = await connect(options)
  const player = new Player(client, options)
  try {
    for await (const row of mergeRows(files, options.signal)) await player.publish(row, row.time + shift)
    return await player.finish()
  } finally {
    await client.endAsync(true)
  }
}

async function lastTime(files: readonly FileTopic[], signal?: AbortSignal): Promise<Millis> {
  let last = Number.NEGATIVE_INFINITY
  for (const { file } of files) for await (const row of readRows(file, signal)) last = Math.max(last, row.time)
  return Number.isFinite(last) ? last : 0
}

async function connect(options: PlayOptions): Promise<MqttClient> {
  const { broker, username, password } = options
  try {
    return await mqtt.connectAsync(
      broker,
      {
        protocolVersion: 4,
        ...(username === null ? {} : { username }),
        ...(password === null ? {} : { password }),
      },
      false,
    )
  } catch (error) {
    throw brokerError(error, broker)
  }
}

class Player {
  private readonly client: MqttClient
  private readonly options: PlayOptions
  private readonly flying = new Set<Promise<void>>()
  private published = 0
  private firstTime: Millis | null = null
  private began: Millis = 0
  private failure: unknown = null

  constructor(client: MqttClient, options: PlayOptions) {
    this.client = client
    this.options = options
    client.on('error', (error) => {
      this.failure ??= error
    })
  }

  async publish(row: NamedRow, time: Millis): Promise<void> {
    await this.pace(row.time)
    while (this.flying.size >= inFlight) await this.oneLanded()
    const sent = this.send(row.topic, JSON.stringify({ ts: time, ...row.values }))
    this.flying.add(sent)
    void sent.then(() => this.flying.delete(sent))
  }

  async finish(): Promise<{ published: number }> {
    while (this.flying.size > 0) await this.oneLanded()
    this.options.onProgress?.(this.published)
    return { published: this.published }
  }

  /** mqtt.js connects again and sends again what was not acknowledged; after a minute without any we say why. */
  private async oneLanded(): Promise<void> {
    const patience = new AbortController()
    const lost = wait(lostMs, 'lost' as const, { signal: patience.signal }).catch(() => 'landed' as const)
    const landed = Promise.race(this.flying).then(() => 'landed' as const)
    const first = await Promise.race([landed, lost])
    patience.abort()
    this.options.signal?.throwIfAborted()
    if (first === 'lost' || this.failure !== null) throw this.lost()
  }

  private lost(): unknown {
    return brokerError(this.failure ?? new Error('connack timeout'), this.options.broker)
  }

  /** Never rejects: a failure is told by the next wait. */
  private async send(topic: string, payload: string): Promise<void> {
    try {
      await this.client.publishAsync(topic, payload, { qos: 1 })
      this.published++
      if (this.published % 1_000 === 0) this.options.onProgress?.(this.published)
    } catch (error) {
      this.failure ??= error
    }
  }

  private async pace(time: Millis): Promise<void> {
    const { speed, now, signal } = this.options
    if (speed === 'max') return
    this.began ||= now()
    this.firstTime ??= time
    const due = this.began + (time - this.firstTime) / speed
    if (due > now()) await wait(due - now(), undefined, signal === undefined ? {} : { signal })
  }
}
