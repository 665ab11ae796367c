import { setTimeout as sleep } from 'node:timers/promises'
import mqtt, { type MqttClient } from 'mqtt'
import { recordAt } from '../../../core/contract/block.ts'
import type { LogRecord } from '../../../core/contract/model.ts'
import { openReader } from '../../../core/log/reader.ts'
import { verify } from '../../../core/log/verify.ts'
import { until } from '../app.ts'
import { type Mosquitto, startMosquitto } from '../mosquitto.ts'
import { seeded } from '../seeded.ts'
import { CaptureProcess } from './captured.ts'
import { copiesIn } from './copies.ts'
import { BrokerWitness } from './witness.ts'

/** What was found after one kill, or, with `kill` null, after the clean end. */
export interface Found {
  readonly kill: number | null
  readonly pace: 'slow' | 'natural'
  /** Messages published so far, and of those, acknowledged by capture as the broker heard it, and in the log. */
  readonly published: number
  readonly acknowledged: number
  readonly stored: number
  /** Acknowledged and not in the log. */
  readonly missing: readonly string[]
  /** Second copies in the log: the broker sent a message again, because it was stored and not acknowledged. */
  readonly repeats: number
  /** Second copies that do not say so. */
  readonly unmarked: number
  /** What verify says: damage, holes. */
  readonly problems: readonly string[]
}

export interface Killing {
  readonly version: '5' | '3.1.1'
  readonly seed: number
  readonly kills: number
  readonly dir: string
  readonly onFound?: (found: Found) => void
}

export const clientId = 'fieldwatch-law'
const perKill = 400
const bursts = 8

/**
 * Kills a running capture over and over, at moments that the seed decides, under QoS 1 load through a broker that keeps
 * what is not acknowledged; looks at the log after each, and lets the last one end by itself.
 */
export async function killCapture(
  options: Killing,
): Promise<{ readonly found: readonly Found[]; readonly inOrder: boolean }> {
  const witness = new BrokerWitness(clientId)
  const broker = await startMosquitto({ conf: 'max_queued_messages 0\nmax_inflight_bytes 0', heard: witness.hear })
  try {
    await makeSession(broker.url, options.version)
    const killer = new Killer(options, broker, witness, await mqtt.connectAsync(broker.url, { protocolVersion: 4 }))
    return await killer.run()
  } finally {
    await broker.stop()
  }
}

class Killer {
  private readonly options: Killing
  private readonly broker: Mosquitto
  private readonly witness: BrokerWitness
  private readonly publisher: MqttClient
  private readonly random: () => number
  private readonly stored: LogRecord[] = []
  private published = 0

  constructor(options: Killing, broker: Mosquitto, witness: BrokerWitness, publisher: MqttClient) {
    this.options = options
    this.broker = broker
    this.witness = witness
    this.publisher = publisher
    this.random = seeded(options.seed)
  }

  async run(): Promise<{ found: Found[]; inOrder: boolean }> {
    const found: Found[] = []
    for (let kill = 1; kill <= this.options.kills; kill++) {
      const pace = this.random() < 0.5 ? 'slow' : 'natural'
      await this.kill(pace)
      found.push(await this.look(kill, pace))
      this.options.onFound?.(found.at(-1)!)
    }
    await this.endWell()
    found.push(await this.look(null, 'natural'))
    await this.publisher.endAsync()
    const firstCopies = [...new Set(this.stored.map(({ topic }) => topic.name))]
    return {
      found,
      inOrder: firstCopies.every((name, i) => name === topicOf(i)) && firstCopies.length === this.published,
    }
  }

  /** One in six dies while it starts; the others at work, in the middle of a commit or between two. */
  private async kill(pace: 'slow' | 'natural'): Promise<void> {
    const { dir, version } = this.options
    const capture = new CaptureProcess(dir, this.broker.url, version, pace)
    const load = this.load()
    if (this.random() > 1 / 6) await capture.until((told) => told.messages > 0)
    await sleep(this.random() ** 2 * 300)
    await capture.kill()
    await load
    await this.witness.gone()
  }

  private async load(): Promise<void> {
    const pauses = Array.from({ length: bursts }, () => this.random() * 30)
    for (const pause of pauses) {
      await this.publish(perKill / bursts)
      await sleep(pause)
    }
  }

  private async endWell(): Promise<void> {
    const { dir, version } = this.options
    const capture = new CaptureProcess(dir, this.broker.url, version, 'natural')
    await this.publish(1)
    const last = topicOf(this.published - 1)
    await until('the last message is stored', async () => this.read().some(({ topic }) => topic.name === last))
    await capture.stop()
    await this.witness.gone()
  }

  private async publish(n: number): Promise<void> {
    const from = this.published
    this.published += n
    const sent = Array.from({ length: n }, (_, i) =>
      this.publisher.publishAsync(topicOf(from + i), String(from + i), { qos: 1 }),
    )
    await Promise.all(sent)
  }

  private async look(kill: number | null, pace: Found['pace']): Promise<Found> {
    const { there, repeats, unmarked } = copiesIn(this.read())
    const { acknowledged } = this.witness
    return {
      kill,
      pace,
      published: this.published,
      acknowledged: acknowledged.size,
      stored: there.size,
      missing: [...acknowledged].filter((topic) => !there.has(topic)),
      repeats,
      unmarked,
      problems: (await verify(this.options.dir)).problems.map(({ message }) => message),
    }
  }

  /** All messages in the log so far; only what is new is read. */
  private read(): readonly LogRecord[] {
    const reader = openReader(this.options.dir)
    let next = this.next
    for (let block = reader.read(next); block !== null; block = reader.read(next)) {
      for (let row = next - block.first; row < block.n; row++) this.keep(recordAt(block, row))
      next = block.first + block.n
    }
    this.next = next
    reader.close()
    return this.stored
  }

  private next = 0

  private keep(record: LogRecord): void {
    if (record.kind === 'message') this.stored.push({ ...record, bytes: new Uint8Array() })
  }
}

function topicOf(i: number): string {
  return `plant/${i}`
}

/** A session at the broker, as capture asks for it; one that an earlier test left is thrown away. */
export async function makeSession(url: string, version: '5' | '3.1.1'): Promise<void> {
  const protocolVersion = version === '5' ? 5 : 4
  const old = await mqtt.connectAsync(url, { clientId, clean: true, protocolVersion: 4 })
  await old.endAsync()
  const properties = { sessionExpiryInterval: 3600 }
  const made = await mqtt.connectAsync(url, { clientId, clean: false, protocolVersion, properties })
  await made.subscribeAsync('plant/#', { qos: 2 })
  await made.endAsync()
}
