// kafkajs 2.2.4 keeps account of what a send has brought by broker object. When a partition moves to another broker, or
// a broker is connected to anew, while the rest of a send is tried again, what had been taken is sent once more with new
// sequence numbers, which no broker can know for a repeat, and what moved to a broker that had answered is never sent.
// This keeps account by partition. It is given to kafkajs in place of its own, so it takes what that takes.
import { setTimeout as timer } from 'node:timers/promises'

/** What is sent to one partition. */
interface Partitioned {
  readonly topic: string
  readonly chunk: Sendable
}
/** Records of one partition, as far as it matters here. */
export interface Sendable {
  readonly partition: number
  readonly count: number
  /** Of each topic, for whoever makes the next one. */
  readonly partitions: Map<string, number>
}

interface Broker {
  produce(of: object): Promise<{ readonly topics: readonly AnsweredTopic[] }>
}
interface AnsweredTopic {
  readonly topicName: string
  readonly partitions: readonly object[]
}
interface Cluster {
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
  refreshMetadataIfNecessary(): Promise<void>
  refreshMetadata(): Promise<void>
  findTopicPartitionMetadata(topic: string): readonly object[]
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>
  findBroker(of: { nodeId: string }): Promise<Broker>
  isConnected(): boolean
  connect(): Promise<void>
  removeBroker(of: { host: string; port: number }): void
}
interface Account {
  isTransactional(): boolean
  getTransactionalId(): string
  getProducerId(): string
  getProducerEpoch(): number
  getSequence(topic: string, partition: number): number
  updateSequence(topic: string, partition: number, by: number): void
  addPartitionsToTransaction(topics: readonly object[]): Promise<void>
}
export interface Producing {
  readonly cluster: Cluster
  readonly eosManager: Account
  readonly retrier: <T>(attempt: (bail: (error: unknown) => void) => Promise<T>) => Promise<T>
}
interface Adding extends Producing {
  readonly add: Account['addPartitionsToTransaction']
}
export interface Send {
  readonly acks: number
  readonly timeout: number
  readonly compression: number
  /** Of each partition one at most. */
  readonly topicMessages: readonly { readonly topic: string; readonly messages: readonly Sendable[] }[]
}
/** What kafkajs throws. */
interface Failed extends Error {
  readonly type?: string
  readonly retriable?: boolean
  readonly host?: string
  readonly port?: number
}

/**
 * Makes the function that sends for one producer; a partition that has answered is done, wherever it moves. It may be called
 * again while it sends, but not for the same partition: that is what keeps the sequence of each in order.
 */
export function createSendMessages(notLoaded: () => Error) {
  return (of: Producing) => {
    const producing = { ...of, add: addingInTurn(of.eosManager) }
    return (send: Send) => sendOne(producing, send, notLoaded)
  }
}

async function sendOne(producing: Adding, send: Send, notLoaded: () => Error): Promise<object[]> {
  const waiting = new Map<string, Partitioned>()
  const answers: object[] = []
  let begun = false
  return producing.retrier(async (bail) => {
    const { cluster } = producing
    await cluster.addMultipleTargetTopics(send.topicMessages.map(({ topic }) => topic))
    try {
      await cluster.refreshMetadataIfNecessary()
      if (!begun) for (const one of partitionsOf(send, cluster, notLoaded)) waiting.set(nameOf(one), one)
      begun = true
      await toLeaders(producing, send, waiting, answers)
      return answers
    } catch (error) {
      await recover(cluster, error as Failed, bail)
      throw error
    }
  })
}

function partitionsOf(send: Send, cluster: Cluster, notLoaded: () => Error): Partitioned[] {
  return send.topicMessages.flatMap(({ topic, messages }) => {
    const partitions = cluster.findTopicPartitionMetadata(topic).length
    if (partitions === 0) throw notLoaded()
    return messages.map((chunk) => {
      chunk.partitions.set(topic, partitions)
      return { topic, chunk }
    })
  })
}

function nameOf({ topic, chunk }: Partitioned): string {
  return `${topic} ${chunk.partition}`
}

/** One request a leader; nothing is under way any more when this ends, so that a retry cannot overtake it. */
async function toLeaders(
  producing: Adding,
  send: Send,
  waiting: Map<string, Partitioned>,
  answers: object[],
): Promise<void> {
  const requests = [...byLeader(producing.cluster, waiting)].map(async ([nodeId, entries]) => {
    answers.push(...(await produce(producing, send, nodeId, entries)))
    for (const entry of entries) waiting.delete(nameOf(entry))
  })
  const failed = (await Promise.allSettled(requests)).flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
  if (failed.length > 0) throw failed.find((error: Failed) => error.retriable === false) ?? failed[0]
}

function byLeader(cluster: Cluster, waiting: ReadonlyMap<string, Partitioned>): Map<string, Partitioned[]> {
  const leaders = new Map<string, Partitioned[]>()
  for (const entry of waiting.values()) {
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(entry.topic, [entry.chunk.partition]))
    if (nodeId === undefined) throw Object.assign(new Error(`${nameOf(entry)} is not known`), { retriable: true })
    leaders.set(nodeId, [...(leaders.get(nodeId) ?? []), entry])
  }
  return leaders
}

async function produce(
  { cluster, eosManager, add }: Adding,
  { acks, timeout, compression }: Send,
  nodeId: string,
  entries: readonly Partitioned[],
): Promise<object[]> {
  const broker = await cluster.findBroker({ nodeId })
  const topicData = topicsOf(entries, eosManager)
  const transactional = eosManager.isTransactional()
  if (transactional) await add(topicData)
  const transactionalId = transactional ? eosManager.getTransactionalId() : undefined
  const producer = { producerId: eosManager.getProducerId(), producerEpoch: eosManager.getProducerEpoch() }
  const { topics } = await broker.produce({ transactionalId, ...producer, acks, timeout, compression, topicData })
  for (const { topic, chunk } of entries) eosManager.updateSequence(topic, chunk.partition, chunk.count)
  return topics.flatMap(({ topicName, partitions }) => partitions.map((answer) => ({ topicName, ...answer })))
}

/** One after the other: meanwhile the coordinator would refuse another one. */
function addingInTurn(eosManager: Account): Account['addPartitionsToTransaction'] {
  let before: Promise<unknown> = Promise.resolve()
  return (topics) => {
    const added = before.then(() => addSoon(eosManager, topics))
    before = added.catch(() => {}) // told to whom it is of
    return added
  }
}

const soonMs = 5
const soonTries = 20

/** The end of the last transaction is told to its partitions for some milliseconds; the client would wait much longer. */
async function addSoon(eosManager: Account, topics: readonly object[]): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      return await eosManager.addPartitionsToTransaction(topics)
    } catch (error) {
      if ((error as Failed).type !== 'CONCURRENT_TRANSACTIONS' || tries === soonTries) throw error
      await timer(soonMs)
    }
}

function topicsOf(entries: readonly Partitioned[], eosManager: Account) {
  const topics = Map.groupBy(entries, ({ topic }) => topic)
  return [...topics].map(([topic, own]) => ({
    topic,
    partitions: own.map(({ chunk }) => ({
      partition: chunk.partition,
      firstSequence: eosManager.getSequence(topic, chunk.partition),
      chunk,
    })),
  }))
}

const stale = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION'])
const lost = new Set(['KafkaJSMetadataNotLoaded', 'KafkaJSConnectionError', 'KafkaJSConnectionClosedError'])

/** Looks for the leaders again where they may have changed, and gives up on what no retry can mend. */
async function recover(cluster: Cluster, error: Failed, bail: (error: unknown) => void): Promise<void> {
  const { name, type = '', retriable, host, port } = error
  if (name === 'KafkaJSConnectionClosedError' && host !== undefined) cluster.removeBroker({ host, port: port! })
  if (!cluster.isConnected()) await cluster.connect()
  if (stale.has(type) || lost.has(name) || retriable === true) await cluster.refreshMetadata()
  else bail(error)
}
