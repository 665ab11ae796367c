import type { Kafka, KafkaConfig, Producer, ProducerBatch, ProducerConfig, TopicMessages, Transaction } from 'kafkajs'
import type { DestinationConfig } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import { compressionOf, compressorOf } from './compression.ts'
import { endEverywhere, type Flush, isEnded, type Verdict } from './coordinator.ts'
import type { Login } from './login.ts'
import { type Addressed, type Chunk, Packing, type PackingOptions, type Partitions, sizeOf } from './packing.ts'
import { kafkajs } from './patches.ts'
import { maxRequestBytes, SideBySide } from './side-by-side.ts'
import { sleep } from './wait.ts'
import type { WireMeter } from './wire-meter.ts'

/** One Kafka record, ready to send. */
export interface KafkaRecord {
  readonly topic: string
  readonly key: string
  /** Null is a tombstone. */
  readonly value: string | Buffer | null
  readonly headers: Readonly<Record<string, string>>
  readonly time: Millis
  /** What of the log it is; null: not of a record. */
  readonly of: Origin | null
}

/** A reading of a message by its position in it, or an alert's transition by its position at its offset. */
export interface Origin {
  readonly offset: Offset
  readonly index: number
  readonly what: 'reading' | 'alert'
}

/** What a transaction is known by at the cluster. Stable across restarts, one a destination. */
export interface ProducerName {
  readonly transactionalId: string
  /** Consumer group whose offset on partition 0 of `topic` is the checkpoint. */
  readonly group: string
  readonly topic: string
}

export interface Connection {
  readonly destination: DestinationConfig
  readonly login: Login
  /** For a request; the client tries again by itself only for about a second. */
  readonly requestMs: Millis
  readonly meter: WireMeter
}

/** A client of one cluster, not connected yet. Its log lines go nowhere: what matters comes back as errors. */
export function clientOf({ destination, login, requestMs, meter }: Connection): Kafka {
  const config: KafkaConfig = {
    clientId: 'fieldwatch',
    brokers: [...destination.brokers],
    connectionTimeout: Math.min(5_000, requestMs),
    authenticationTimeout: requestMs,
    reauthenticationThreshold: 3_000, // less than a token has left when the next one is asked for
    requestTimeout: requestMs,
    enforceRequestTimeout: true,
    retry,
    socketFactory: meter.factory,
    logLevel: kafkajs.logLevel.NOTHING,
    logCreator: () => () => {},
    ...login.options(),
  }
  return new kafkajs.Kafka(config)
}

// Ours is the backoff that a person sees; the client only bridges what takes well under a second.
const retry = { initialRetryTime: 30, retries: 5, maxRetryTime: 1_000, multiplier: 2, factor: 0.2 }

const ordered: ProducerConfig = {
  allowAutoTopicCreation: false,
  maxInFlightRequests: 5, // none for the same partition as another: see side-by-side.ts
  retry,
}

/** How what is sent is written. */
export interface Form {
  readonly compression: DestinationConfig['compression']
  readonly partitions: Partitions
}

export function packingOf({ compression, partitions }: Form): PackingOptions {
  return { partitions, partitionOf, compress: compressorOf(compression) }
}

/**
 * A transactional producer for one life: after any error it must be closed and a new one made, because kafkajs
 * cannot go on after a failed commit.
 */
export class TransactionSender {
  private readonly producer: Producer
  private readonly name: ProducerName
  private readonly form: Form
  private readonly line = new SideBySide()
  private transaction: Transaction | null = null
  /** Of this transaction, as soon as it is told. */
  private told: Promise<void> | null = null

  constructor(kafka: Kafka, name: ProducerName, form: Form, transactionMs: Millis) {
    this.name = name
    this.form = form
    this.producer = kafka.producer({
      ...ordered,
      transactionalId: name.transactionalId,
      transactionTimeout: transactionMs,
    })
  }

  connect(): Promise<void> {
    return this.producer.connect()
  }

  /** The first call fences every older producer of this name and aborts what it had open. */
  async begin(): Promise<void> {
    this.transaction = await this.producer.transaction()
    this.told = null
  }

  /**
   * Before `offset`: the first request after a commit may have to wait for it, and only this one is tried again. `settled` is
   * called when what is left brings no partition that the transaction does not have: to add the checkpoint beside one the
   * coordinator would refuse.
   */
  send(records: readonly KafkaRecord[], packed: readonly Chunk[] = [], settled?: () => void): Promise<void> {
    const open = this.open()
    return this.line.send(chunksOf(records, packed, this.form), (request) => sendOne(open, request, this.form), settled)
  }

  /** Decides what an older transaction left hanging anywhere, as the coordinator had decided it. Resolves when all is told. */
  async flush(where: Pick<Flush, 'topics' | 'optional'>, verdict: Verdict, signal: AbortSignal): Promise<void> {
    const { transactionalId, group } = this.name
    await endEverywhere({ transactionalId, group, topics: where.topics, optional: where.optional, verdict })
    while (!(await isEnded(transactionalId))) await sleep(50, signal)
    await this.abort() // in the client's own account nothing was sent
  }

  /** Once a transaction. */
  offset(next: Offset, metadata: string): Promise<void> {
    this.told ??= this.tell(next, metadata)
    return this.told
  }

  private async tell(next: Offset, metadata: string): Promise<void> {
    // The type leaves metadata out; the protocol and the client take it.
    const partitions = [{ partition: 0, offset: String(next), metadata }]
    await this.open().sendOffsets({
      consumerGroupId: this.name.group,
      topics: [{ topic: this.name.topic, partitions }],
    })
  }

  async commit(): Promise<void> {
    await this.open().commit()
    this.transaction = null
  }

  async abort(): Promise<void> {
    await this.open().abort()
    this.transaction = null
  }

  close(): Promise<void> {
    return this.producer.disconnect()
  }

  private open(): Transaction {
    if (this.transaction === null) throw new FieldError('internal', 'no transaction is open on this producer')
    return this.transaction
  }
}

/** An idempotent producer without transactions: the cluster drops repeats of one life, not of two. */
export class PlainSender {
  private readonly producer: Producer
  private readonly form: Form
  private readonly line = new SideBySide()

  constructor(kafka: Kafka, form: Form) {
    this.form = form
    this.producer = kafka.producer({ ...ordered, idempotent: true })
  }

  connect(): Promise<void> {
    return this.producer.connect()
  }

  send(records: readonly KafkaRecord[], packed: readonly Chunk[] = []): Promise<void> {
    return this.line.send(chunksOf(records, packed, this.form), (request) => sendOne(this.producer, request, this.form))
  }

  close(): Promise<void> {
    return this.producer.disconnect()
  }
}

/** What is packed comes first. */
function chunksOf(records: readonly KafkaRecord[], packed: readonly Chunk[], form: Form): readonly Chunk[] {
  return [...packed, ...Array.from(requests(records), (some) => packWhole(some, form)).flat()]
}

/** Of each partition one, whatever it holds. */
function packWhole(records: readonly KafkaRecord[], form: Form): readonly Chunk[] {
  const packing = new Packing({ ...packingOf(form), maxBytes: Number.POSITIVE_INFINITY })
  for (const record of records) packing.put(record)
  return packing.finish()
}

/** In order, as much of them as one request may hold. A part of what is one is one too. */
export function* requests(records: readonly KafkaRecord[]): Iterable<readonly KafkaRecord[]> {
  let from = 0
  let bytes = 0
  for (const [i, record] of records.entries()) {
    const size = sizeOf(record)
    if (i > from && bytes + size > maxRequestBytes) {
      yield records.slice(from, i)
      from = i
      bytes = 0
    }
    bytes += size
  }
  if (from < records.length) yield from === 0 ? records : records.slice(from)
}

async function sendOne(to: Pick<Producer, 'sendBatch'>, request: readonly Chunk[], form: Form): Promise<void> {
  await to.sendBatch(batchOf(request, form.compression))
  for (const chunk of request) chunk.release()
}

/** The client hands chunks on to `send-once.ts` and does not look into them. */
function batchOf(request: readonly Chunk[], compression: DestinationConfig['compression']): ProducerBatch {
  const topics = Map.groupBy(request, ({ topic }) => topic)
  const topicMessages = Array.from(topics, ([topic, chunks]) => ({ topic, messages: chunks.map(asMessage) }))
  return { topicMessages, compression: compressionOf(compression) }
}

/** What has no value it would refuse. */
function asMessage(chunk: Chunk): NonNullable<TopicMessages['messages']>[number] {
  return { ...chunk, value: null }
}

const partitioner = kafkajs.Partitioners.DefaultPartitioner()
/** Keys are devices: of each the partition is found once, by how many partitions there are. */
const known = new Map<number, Map<string, number>>()
const maxKnown = 20_000

/** Where a record goes in a topic of so many partitions. */
export function partitionOf({ topic, key }: Addressed, partitions: number): number {
  let keys = known.get(partitions)
  if (keys === undefined || keys.size >= maxKnown) {
    keys = new Map()
    known.set(partitions, keys)
  }
  let partition = keys.get(key)
  if (partition === undefined) {
    partition = find({ topic, key }, partitions)
    keys.set(key, partition)
  }
  return partition
}

/** By the key alone; the rest is asked for by the type. */
function find({ topic, key }: Addressed, partitions: number): number {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 0,
    replicas: [],
    isr: [],
  }))
  return partitioner({ topic, partitionMetadata, message: { key, value: null } })
}
