import type { Kafka } from 'kafkajs'
import type { DestinationConfig } from '../contract/calls.ts'
import type { Millis, Offset } from '../contract/model.ts'
import { type Batch, type BatchSource, nextBatch } from './batch.ts'
import { explain, type Failure, type Where } from './failures.ts'
import type { Voice } from './record-format.ts'
import { type Topics, telemetryTopics } from './topics.ts'

/** What it takes to read the log for one destination, and to reach its cluster, beside the loop that sends to it. */
export interface Means {
  readonly config: DestinationConfig
  readonly voice: Voice
  readonly topics: Topics
  where(): Where
  client(): Promise<Kafka>
  /** The next readings of [from, limit), as they are sent. No alerts: their topic holds the newest state of each. */
  batch(from: Offset, limit: Offset): Batch
  explain(error: unknown): Failure
}

export interface MeansOptions {
  readonly config: DestinationConfig
  readonly voice: Voice
  readonly topics: Topics
  readonly source: BatchSource
  readonly now: () => Millis
  readonly client: () => Promise<Kafka>
  readonly principal: () => string
  readonly maxBytes: number
}

export function meansOf({ config, voice, topics, source, now, client, principal, maxBytes }: MeansOptions): Means {
  const id = `${voice.installation}.${encodeURIComponent(config.name)}`
  // An own name at the cluster: what the loop has under way is neither fenced nor aborted.
  const name = { transactionalId: `edge.again.${id}`, group: `edge.ckpt.${id}`, topic: telemetryTopics(topics)[0]! }
  const readings = { ...voice, filter: { ...voice.filter, takesAlert: () => false } }
  const where = () => ({ destination: config, name, topics, principal: principal() })
  return {
    config,
    voice,
    topics,
    where,
    client,
    batch: (from, limit) =>
      nextBatch({ source, voice: readings, now: now(), markedUntil: 0, maxBytes, maxRecords: 1_000 }, from, limit),
    explain: (error) => explain(error, where()),
  }
}
