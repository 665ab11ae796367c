import { createRequire } from 'node:module'
import { type ClientRecord, recordBatch } from './record-batch.ts'
import { createSendMessages } from './send-once.ts'

// kafkajs 2.2.4 is frozen upstream. Five of its faults are mended here, before it is loaded.
const require = createRequire(import.meta.url)

interface Queue {
  pending: readonly unknown[]
}
type Check = (this: Queue) => void

/** An idle connection ran a 1 ms timer loop: 3 % of a core, and a warning from Node. Nothing pending, nothing to check. */
function stopIdleTimer(): void {
  const queue = require('kafkajs/src/network/requestQueue') as { prototype: { scheduleCheckPendingRequests: Check } }
  const schedule = queue.prototype.scheduleCheckPendingRequests
  queue.prototype.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0) schedule.call(this)
  }
}

interface Grouping {
  readonly topic: string
  readonly partitionMetadata: readonly unknown[]
  readonly messages: readonly unknown[]
  readonly partitioner: (of: { topic: string; partitionMetadata: readonly unknown[]; message: unknown }) => number
}

/** Grouping by partition was quadratic: 20,000 records blocked the thread for 23 s. */
function groupInOnePass(): void {
  const path = require.resolve('kafkajs/src/producer/groupMessagesPerPartition')
  require(path)
  require.cache[path]!.exports = groupMessagesPerPartition
}

function groupMessagesPerPartition({ topic, partitionMetadata, messages, partitioner }: Grouping) {
  const groups: Record<number, unknown[]> = {}
  if (partitionMetadata.length === 0) return groups
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message })
    groups[partition] ??= []
    groups[partition].push(message)
  }
  return groups
}

/** A send that was tried again after a partition had moved to another broker doubled records, or lost them. */
function sendOnce(): void {
  const path = require.resolve('kafkajs/src/producer/sendMessages')
  const errors = require('kafkajs/src/errors') as { KafkaJSMetadataNotLoaded: new (text: string) => Error }
  const notLoaded = () => new errors.KafkaJSMetadataNotLoaded('Producing to topic without metadata')
  require(path)
  require.cache[path]!.exports = createSendMessages((of) => groupMessagesPerPartition(of as Grouping), notLoaded)
}

interface Coordinated {
  readonly groupId: string
  readonly coordinatorType: number
}
interface Clusterish {
  readonly brokerPool: {
    withBroker(use: (of: { broker: { findGroupCoordinator(of: Coordinated): Promise<unknown> } }) => unknown): unknown
  }
  retrier(attempt: (bail: (error: unknown) => void) => Promise<unknown>): Promise<unknown>
}

/** FindCoordinator's own error (no permission on the group or the transactional id) was thrown away. */
function keepCoordinatorError(): void {
  const cluster = require('kafkajs/src/cluster') as { prototype: { findGroupCoordinatorMetadata: unknown } }
  const errors = require('kafkajs/src/errors') as { KafkaJSGroupCoordinatorNotFound: new (text: string) => Error }
  cluster.prototype.findGroupCoordinatorMetadata = async function (this: Clusterish, of: Coordinated) {
    let last: unknown
    const found = await this.brokerPool.withBroker(({ broker }) =>
      this.retrier(async (bail) => {
        try {
          return await broker.findGroupCoordinator(of)
        } catch (error) {
          last = error
          if ((error as { type?: string }).type === 'GROUP_COORDINATOR_NOT_AVAILABLE') throw error
          bail(error)
          return undefined
        }
      }),
    )
    if (found) return found
    throw last ?? new errors.KafkaJSGroupCoordinatorNotFound('Failed to find group coordinator')
  }
}

interface Produce {
  readonly acks: number
  readonly timeout: number
  readonly transactionalId?: string | null
  readonly producerId?: unknown
  readonly producerEpoch?: number
  readonly compression?: number
  readonly topicData: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly firstSequence?: number
      readonly messages: readonly ClientRecord[]
    }[]
  }[]
}
interface Encoder {
  writeString(value: string | null): Encoder
  writeInt16(value: number): Encoder
  writeInt32(value: number): Encoder
  writeBuffer(value: Buffer): Encoder
}
interface Codecs {
  readonly Types: { readonly None: number }
  lookupCodec(type: number): { compress(of: { readonly buffer: Buffer }): Promise<Buffer> }
}

/** It made objects of each header of each record, and packed one partition after the other. */
function writeInOnePass(): void {
  const path = require.resolve('kafkajs/src/protocol/requests/produce/v3/request')
  require(path)
  require.cache[path]!.exports = produceRequest
}

function produceRequest(of: Produce) {
  const { acks } = of
  return {
    apiKey: 0,
    apiVersion: 3,
    apiName: 'Produce',
    expectResponse: () => acks !== 0,
    encode: () => encodeProduce(of),
  }
}

async function encodeProduce(of: Produce): Promise<Encoder> {
  const topics = await Promise.all(of.topicData.map((topic) => packTopic(topic, of)))
  const bytes = topics.flatMap(({ sets }) => sets).reduce((sum, { set }) => sum + set.length + 16, 1_024)
  const encoder = new (require('kafkajs/src/protocol/encoder') as new (size: number) => Encoder)(bytes)
  encoder
    .writeString(of.transactionalId ?? null)
    .writeInt16(of.acks)
    .writeInt32(of.timeout)
    .writeInt32(topics.length)
  for (const { topic, sets } of topics) {
    encoder.writeString(topic).writeInt32(sets.length)
    for (const { partition, set } of sets) encoder.writeInt32(partition).writeInt32(set.length).writeBuffer(set)
  }
  return encoder
}

/** Without a time it is of now, as the client has it. */
function timed(message: ClientRecord): ClientRecord {
  return message.timestamp ? message : { ...message, timestamp: String(Date.now()) }
}

async function packTopic({ topic, partitions }: Produce['topicData'][0], of: Produce) {
  const { Types, lookupCodec } = require('kafkajs/src/protocol/message/compression') as Codecs
  const codec = of.compression ?? Types.None
  const compress = codec === Types.None ? null : (buffer: Buffer) => lookupCodec(codec).compress({ buffer })
  const pack = async ({ partition, firstSequence = 0, messages }: (typeof partitions)[0]) => {
    const head = {
      codec,
      firstSequence,
      transactional: Boolean(of.transactionalId),
      producerId: BigInt(String(of.producerId ?? -1)), // the client's own kind of long
      producerEpoch: of.producerEpoch ?? 0,
    }
    return { partition, set: await recordBatch(messages.map(timed), head, compress) }
  }
  return { topic, sets: await Promise.all(partitions.map(pack)) }
}

groupInOnePass() // first: its module must be replaced before kafkajs takes it
sendOnce()
writeInOnePass()
stopIdleTimer()
keepCoordinatorError()

/** The patched client; the only way by which kafkajs is loaded. */
export const kafkajs = require('kafkajs') as typeof import('kafkajs')
