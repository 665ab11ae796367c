import { createRequire } from 'node:module'
import './patches.ts' // first: what it replaces must not be loaded before

// What kafkajs cannot ask of a transaction coordinator, added to its broker: how the last transaction was decided, and
// to end a transaction in partitions where nothing was sent. A broker that loses power can decide a transaction and
// never tell some partitions (KAFKA-20734); ending another one of the same producer there tells them.

/** How the coordinator decided the last transaction of a transactional id. */
export type Verdict = 'commit' | 'abort'

export interface Flush {
  readonly transactionalId: string
  readonly group: string
  /** Partitions of each topic. */
  readonly topics: ReadonlyMap<string, number>
  /** Of these, what we may be forbidden to write; then nothing of ours hangs there that anybody lacks. */
  readonly optional: ReadonlySet<string>
  readonly verdict: Verdict
}

interface Producer {
  readonly producerId: string
  readonly producerEpoch: number
}
interface Named {
  readonly transactionalId?: string | undefined
}
interface Broker {
  readonly versions: Readonly<Record<number, unknown>> | null
  readonly connectionPool: { send(of: { request: object; response: object }): Promise<unknown> }
  initProducerId(of: Named): Promise<Producer>
  addPartitionsToTxn(of: object): Promise<unknown>
  addOffsetsToTxn(of: object): Promise<unknown>
  endTxn(of: object): Promise<unknown>
}
interface Decoder {
  readUVarInt(): number
  readInt32(): number
  readInt16(): number
  readUVarIntString(): string | null
}
interface Encoder {
  writeUVarInt(value: number): Encoder
  writeUVarIntString(value: string): Encoder
}

const require = createRequire(import.meta.url)
const brokerClass = require('kafkajs/src/broker') as { prototype: Broker }
const encoderClass = require('kafkajs/src/protocol/encoder') as new () => Encoder
const decoderClass = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => Decoder
const { createErrorFromCode } = require('kafkajs/src/protocol/error') as { createErrorFromCode(code: number): Error }

const held = new Map<string, Producer & { readonly broker: Broker }>()
const listeners = new Map<string, Listener>()

interface Listener {
  asking(): void
  heard(verdict: Verdict): void
  /** From here on older producers are fenced. */
  asked(): void
}

/** `listener` hears the verdict on the last transaction each time before a new producer id makes it unknowable. */
export function onVerdict(transactionalId: string, listener: Listener): void {
  listeners.set(transactionalId, listener)
}

const initProducerId = brokerClass.prototype.initProducerId
brokerClass.prototype.initProducerId = async function (of) {
  if (of.transactionalId === undefined) return initProducerId.call(this, of)
  const listener = listeners.get(of.transactionalId)
  listener?.asking()
  const verdict = verdictIn(await stateOf(this, of.transactionalId))
  if (verdict !== null) listener?.heard(verdict)
  listener?.asked()
  const producer = await initProducerId.call(this, of)
  held.set(of.transactionalId, { broker: this, ...producer })
  return producer
}

/** Ends a transaction in every partition, and in the group's, without sending anything: what hangs there is decided. */
export async function endEverywhere({ transactionalId, group, topics, optional, verdict }: Flush): Promise<void> {
  const { broker, producerId, producerEpoch } = held.get(transactionalId)! // set when the producer began
  const producer = { transactionalId, producerId, producerEpoch }
  for (const [topic, count] of topics) {
    const all = { topic, partitions: Array.from({ length: count }, (_, i) => i) }
    await broker.addPartitionsToTxn({ ...producer, topics: [all] }).catch((error: { type?: string }) => {
      if (error.type !== 'TOPIC_AUTHORIZATION_FAILED' || !optional.has(topic)) throw error
    })
  }
  await broker.addOffsetsToTxn({ ...producer, groupId: group })
  await broker.endTxn({ ...producer, transactionResult: verdict === 'commit' })
}

/** Whether every partition has been told; true also where the coordinator cannot be asked. */
export async function isEnded(transactionalId: string): Promise<boolean> {
  const state = await stateOf(held.get(transactionalId)!.broker, transactionalId)
  return state === null || !state.startsWith('Prepare')
}

function verdictIn(state: string | null): Verdict | null {
  if (state === 'PrepareCommit' || state === 'CompleteCommit') return 'commit'
  return state === null || state === 'Empty' || state === 'Dead' ? null : 'abort' // Ongoing: it will be aborted
}

const describeTransactions = 65
/** The coordinator is starting: kafkajs tries these again. */
const settling = new Set([14, 15, 16])

/** Null: never used, or the cluster (before 3.0) or its permissions do not let us ask. */
async function stateOf(broker: Broker, transactionalId: string): Promise<string | null> {
  if (broker.versions?.[describeTransactions] === undefined) return null
  const asked = { request: requestFor(transactionalId), response: { decode: decodeState, parse: (of: State) => of } }
  const { code, state } = (await broker.connectionPool.send(asked)) as State // what parse gives
  if (settling.has(code)) throw createErrorFromCode(code)
  return code === 0 ? state : null
}

interface State {
  readonly code: number
  readonly state: string | null
}

function requestFor(transactionalId: string) {
  const headerTags = 0
  const one = 2 // a compact array counts from 1
  const encode = async () =>
    new encoderClass().writeUVarInt(headerTags).writeUVarInt(one).writeUVarIntString(transactionalId).writeUVarInt(0)
  return { apiKey: describeTransactions, apiVersion: 0, apiName: 'DescribeTransactions', encode }
}

async function decodeState(bytes: Buffer): Promise<State & { clientSideThrottleTime: number }> {
  const decoder = new decoderClass(bytes)
  decoder.readUVarInt() // tags of the header: a broker sends none to version 0
  const clientSideThrottleTime = decoder.readInt32()
  decoder.readUVarInt() // we asked for one
  const code = decoder.readInt16()
  decoder.readUVarIntString()
  return { clientSideThrottleTime, code, state: decoder.readUVarIntString() }
}
