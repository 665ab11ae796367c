import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { type Produce, produceFrame } from './produce-frame.ts'
import { createSendMessages } from './send-once.ts'

// kafkajs 2.2.4 is frozen upstream. Six of its faults are mended here, before it is loaded.
const require = createRequire(import.meta.url)

/** A copy of our own: whoever has loaded it before keeps what they have, and no part of ours is an unmended one. */
function beginAnew(): void {
  const folder = dirname(require.resolve('kafkajs'))
  for (const path of Object.keys(require.cache)) if (path.startsWith(folder)) delete require.cache[path]
}

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

/** A send that was tried again after a partition had moved to another broker doubled records, or lost them. */
function sendOnce(): void {
  const path = require.resolve('kafkajs/src/producer/sendMessages')
  const errors = require('kafkajs/src/errors') as { KafkaJSMetadataNotLoaded: new (text: string) => Error }
  const notLoaded = () => new errors.KafkaJSMetadataNotLoaded('Producing to topic without metadata')
  require(path)
  require.cache[path]!.exports = createSendMessages(notLoaded)
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

interface Request {
  readonly apiVersion: number
  /** Of ours: all of its bytes. */
  readonly frame?: (correlationId: number, clientId: string) => Promise<Buffer>
}
type CreateRequest = (of: {
  readonly correlationId: number
  readonly clientId: string
  readonly request: Request
}) => Promise<{ readonly buffer: Buffer }>

/** It made objects of each header of each record, and copied what it sends three times. */
function writeInOnePass(): void {
  const produce = require.resolve('kafkajs/src/protocol/requests/produce/v3/request')
  const others = require(produce) as (of: object) => object
  require.cache[produce]!.exports = (of: Produce) => (isOurs(of) ? produceRequest(of) : others(of))
  const path = require.resolve('kafkajs/src/protocol/request')
  const create = require(path) as CreateRequest
  require.cache[path]!.exports = (async (of) => {
    const { request, correlationId, clientId } = of
    return request.frame ? { buffer: await request.frame(correlationId, clientId) } : create(of)
  }) satisfies CreateRequest
}

/** The client loads this one late, into any copy of itself. */
function isOurs({ topicData }: Produce): boolean {
  return topicData.every(({ partitions }) => partitions.every(({ chunk }) => chunk !== undefined))
}

function produceRequest(of: Produce) {
  const { acks } = of
  return {
    apiKey: 0,
    apiVersion: 3,
    apiName: 'Produce',
    expectResponse: () => acks !== 0,
    frame(this: Request, correlationId: number, clientId: string) {
      return produceFrame(of, { apiVersion: this.apiVersion, correlationId, clientId })
    },
  }
}

interface Decoder {
  decode(payload: unknown): Promise<{ readonly clientSideThrottleTime?: number }>
}
interface Asked {
  readonly response: Decoder
}
interface Connected {
  readonly socket: { emit(event: 'throttled', ms: number): unknown }
}

/** That a quota makes it wait it told nobody: now its socket says for how long. */
function tellThrottling(): void {
  const { prototype } = require('kafkajs/src/network/connection') as {
    prototype: { send(this: Connected, asked: Asked): Promise<unknown> }
  }
  const { send } = prototype
  prototype.send = function (asked) {
    const decode = async (payload: unknown) => {
      const decoded = await asked.response.decode(payload)
      const ms = decoded.clientSideThrottleTime ?? 0
      if (ms > 0) this.socket.emit('throttled', ms)
      return decoded
    }
    return send.call(this, { ...asked, response: { ...asked.response, decode } })
  }
}

beginAnew()
sendOnce()
writeInOnePass()
stopIdleTimer()
keepCoordinatorError()
tellThrottling()

/** The patched client; the only way by which kafkajs is loaded. */
export const kafkajs = require('kafkajs') as typeof import('kafkajs')
