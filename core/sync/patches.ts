import { createRequire } from 'node:module'
import { createSendMessages } from './send-once.ts'

// kafkajs 2.2.4 is frozen upstream. Four of its faults are mended here, before it is loaded.
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

groupInOnePass() // first: its module must be replaced before kafkajs takes it
sendOnce()
stopIdleTimer()
keepCoordinatorError()

/** The patched client; the only way by which kafkajs is loaded. */
export const kafkajs = require('kafkajs') as typeof import('kafkajs')
