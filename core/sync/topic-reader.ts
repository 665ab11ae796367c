import type { Kafka } from 'kafkajs'
import type { Millis } from '../contract/model.ts'
import './patches.ts' // first: what it replaces must not be loaded before
import { sleep } from './wait.ts'

// kafkajs reads topics as a member of a group only; a look at a span of a partition needs no group and no permission
// on one. So its client's own connections are asked.

/** A record that is committed, as any reader with `isolation.level=read_committed` sees it. */
export interface CommittedRecord {
  readonly partition: number
  /** In the partition. */
  readonly at: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: ReadonlyMap<string, string>
  readonly time: Millis
}

interface Fetched {
  readonly records: readonly CommittedRecord[]
  readonly next: number
  /** What lies behind is in transactions that are still open. */
  readonly stable: number
}

interface RawMessage {
  readonly offset: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: string
  readonly headers?: Readonly<Record<string, Buffer | undefined>>
  /** The end of a transaction. */
  readonly isControlRecord: boolean
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean }
}
interface PartitionAnswer {
  readonly partition: number
  readonly lastStableOffset: string
  readonly abortedTransactions: readonly Aborted[] | null
  readonly messages: readonly RawMessage[]
}
interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number }[]
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>
  findBroker(of: { nodeId: string }): Promise<{ fetch(of: object): Promise<{ responses: Answer[] }> }>
  fetchTopicsOffset(of: readonly object[]): Promise<{ partitions: { offset: string }[] }[]>
}
interface Answer {
  readonly partitions: readonly PartitionAnswer[]
}
interface Aborted {
  readonly producerId: string
  readonly firstOffset: string
}

const uncommitted = 0
const committed = 1
const maxBytes = 8 * 1024 * 1024
const maxWaitMs: Millis = 500

/** Reads spans of one topic, beside any consumer group. Close it. */
export class TopicReader {
  private readonly topic: string
  private readonly cluster: Cluster

  private constructor(kafka: Kafka, topic: string) {
    this.topic = topic
    this.cluster = clusterOf(kafka)
  }

  static async open(kafka: Kafka, topic: string): Promise<TopicReader> {
    const reader = new TopicReader(kafka, topic)
    try {
      await reader.cluster.connect()
      await reader.cluster.addTargetTopic(topic)
      return reader
    } catch (error) {
      await reader.close()
      throw error
    }
  }

  close(): Promise<void> {
    return this.cluster.disconnect()
  }

  partitions(): number[] {
    return this.cluster.findTopicPartitionMetadata(this.topic).map(({ partitionId }) => partitionId)
  }

  /** The oldest record that is kept, and the end, transactions that are still open included. */
  async bounds(partition: number): Promise<{ readonly first: number; readonly end: number }> {
    const ask = async (fromBeginning: boolean) => {
      const [found] = await this.cluster.fetchTopicsOffset([
        { topic: this.topic, partitions: [{ partition }], fromBeginning },
      ])
      return Number(found!.partitions[0]!.offset)
    }
    return { first: await ask(true), end: await ask(false) }
  }

  /** Everything committed in [from, end), in order, a piece at a time. Waits for transactions that are still open there. */
  async *span(
    partition: number,
    from: number,
    end: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly CommittedRecord[]> {
    for (let at = from; at < end; ) {
      const { records, next, stable } = await this.fetch(partition, at)
      yield records.filter((record) => record.at < end)
      if (next === at && stable < end) await sleep(maxWaitMs, signal)
      at = next > at || stable < end ? next : end // at the end nothing but markers and what was compacted away
    }
  }

  private async fetch(partition: number, from: number): Promise<Fetched> {
    const { topic, cluster } = this
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))
    const broker = await cluster.findBroker({ nodeId: nodeId! })
    const partitions = [{ partition, fetchOffset: String(from), maxBytes }]
    const asked = { isolationLevel: committed, maxWaitTime: maxWaitMs, maxBytes, topics: [{ topic, partitions }] }
    const { responses } = await broker.fetch(asked)
    const answer = responses[0]!.partitions[0]!
    const kept = committedIn(answer).filter(({ offset }) => Number(offset) >= from)
    return {
      records: kept.map((message) => recordOf(partition, message)),
      next: Math.max(from, Number(answer.messages.at(-1)?.offset ?? -1) + 1),
      stable: Number(answer.lastStableOffset),
    }
  }
}

/**
 * Without the records of aborted transactions. The client's own filter takes these in the order in which they ended, and
 * one a record, so it lets some pass where several were open at once.
 */
function committedIn({ messages, abortedTransactions }: PartitionAnswer): readonly RawMessage[] {
  const coming = [...(abortedTransactions ?? [])].sort((a, b) => Number(a.firstOffset) - Number(b.firstOffset))
  const open = new Set<string>()
  return messages.filter(({ offset, key, isControlRecord, batchContext: { producerId, inTransaction } }) => {
    while (coming[0] !== undefined && Number(coming[0].firstOffset) <= Number(offset))
      open.add(coming.shift()!.producerId)
    if (isControlRecord && isAbort(key)) open.delete(producerId)
    return !isControlRecord && !(inTransaction && open.has(producerId))
  })
}

/** Two numbers of 16 bits: a version, and 0 for an abort. */
function isAbort(key: Buffer | null): boolean {
  return key?.readInt16BE(2) === 0
}

/** The client makes one for each producer or consumer, and has no name for that. */
function clusterOf(kafka: Kafka): Cluster {
  const make = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.endsWith('createCluster'))
  const made = (kafka as unknown as Record<symbol, (of: object) => Cluster>)[make!]! // kafkajs 2.2.4 has it
  return made({ isolationLevel: uncommitted, allowAutoTopicCreation: false })
}

function recordOf(partition: number, { offset, key, value, timestamp, headers = {} }: RawMessage): CommittedRecord {
  const named = Object.entries(headers).map(([name, bytes]): [string, string] => [name, text(bytes ?? null) ?? ''])
  const time = Number(timestamp)
  return { partition, at: Number(offset), key: text(key), value: text(value), headers: new Map(named), time }
}

function text(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('utf8')
}
