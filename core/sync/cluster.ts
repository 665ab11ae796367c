import { setTimeout as timer } from 'node:timers/promises'
import type { Admin, ITopicConfig, Kafka } from 'kafkajs'
import type { DestinationConfig } from '../contract/calls.ts'
import type { Millis, Offset } from '../contract/model.ts'
import { kafkajs } from './patches.ts'
import type { ProducerName } from './sender.ts'
import { allTopics, type Topics, telemetryTopics } from './topics.ts'
import { sleep } from './wait.ts'

/** How far the cluster says we are: the offset to send next, and who said so. */
export interface Checkpoint {
  readonly next: Offset
  readonly instance: string | null
  readonly log: string | null
}

/** What we must know of a cluster before sending. */
export interface ClusterFacts {
  readonly id: string
  /** Partitions of each of our topics that exists. */
  readonly topics: ReadonlyMap<string, number>
  /** Of these, those without which we go on. */
  readonly optional: ReadonlySet<string>
  /** How long the telemetry topics keep records, the shortest; null: for ever, or the cluster does not tell us. */
  readonly retentionMs: Millis | null
  /** A telemetry topic that takes no records now, because too few of its copies are alive; null: none, as far as is told. */
  readonly short: { readonly topic: string; readonly alive: number; readonly needed: number } | null
}

/**
 * Throws what the client throws; a missing topic is left out, not an error. `before`: topics that were written to until a
 * person changed them; the last transaction may still hang there.
 */
export async function readFacts(kafka: Kafka, topics: Topics, before: readonly string[] = []): Promise<ClusterFacts> {
  return withAdmin(kafka, async (admin) => {
    const found = new Map<string, number>()
    const wanted = allTopics(topics)
    const old = before.filter((topic) => !wanted.includes(topic))
    for (const topic of wanted) {
      const partitions = await partitionsOf(admin, topic)
      if (partitions > 0) found.set(topic, partitions)
    }
    for (const topic of old) {
      const partitions = await partitionsOf(admin, topic).catch(() => 0) // it may be forbidden by now
      if (partitions > 0) found.set(topic, partitions)
    }
    const { clusterId } = await admin.describeCluster()
    const ours = telemetryTopics(topics).filter((topic) => found.has(topic))
    const settings = await Promise.all(ours.map((topic) => settingsOf(admin, topic)))
    const optional = new Set([topics.status, topics.deadletter, ...old])
    for (const needed of [...telemetryTopics(topics), topics.alerts]) optional.delete(needed)
    const retentionMs = shortest(settings.map((one) => one.retentionMs))
    return { id: clusterId, topics: found, optional, retentionMs, short: await firstShort(admin, ours, settings) }
  })
}

async function firstShort(
  admin: Admin,
  topics: readonly string[],
  settings: readonly Settings[],
): Promise<ClusterFacts['short']> {
  for (const [i, topic] of topics.entries()) {
    const partitions = (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions ?? []
    for (const { isr, replicas } of partitions) {
      const needed = Math.min(settings[i]!.minCopies, replicas.length)
      if (isr.length < needed) return { topic, alive: isr.length, needed }
    }
  }
  return null
}

function shortest(kept: readonly (Millis | null)[]): Millis | null {
  const bounds = kept.filter((one) => one !== null)
  return bounds.length === 0 ? null : Math.min(...bounds)
}

/**
 * Null when nothing was ever committed, or when it expired: the cluster does not tell these apart. All topics of the
 * group are asked for, because a person may have changed the topic since; offsets only grow, so the highest is the newest.
 */
export async function readCheckpoint(
  kafka: Kafka,
  name: ProducerName,
  signal: AbortSignal,
): Promise<Checkpoint | null> {
  return withAdmin(kafka, async (admin) => {
    const found = await patiently(signal, () => admin.fetchOffsets({ groupId: name.group, topics: [] }))
    const zeros = found.flatMap(({ partitions }) => partitions.filter(({ partition }) => partition === 0))
    const newest = zeros.toSorted((a, b) => Number(b.offset) - Number(a.offset))[0]
    const next = Number(newest?.offset ?? -1)
    return next < 0 ? null : { next, ...signatureOf(newest?.metadata ?? null) }
  })
}

export function signature(instance: string, log: string): string {
  return JSON.stringify({ instance, log })
}

/** Makes the topics that are missing; resolves to their names. */
export async function createTopics(
  kafka: Kafka,
  topics: Topics,
  create: DestinationConfig['create'],
): Promise<readonly string[]> {
  return withAdmin(kafka, async (admin) => {
    const missing: ITopicConfig[] = []
    for (const config of topicConfigs(topics, create))
      if ((await partitionsOf(admin, config.topic)) === 0) missing.push(config)
    if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: false, timeout: 10_000 })
    for (const { topic } of missing) await untilKnown(admin, topic)
    return missing.map(({ topic }) => topic)
  })
}

function topicConfigs(topics: Topics, create: DestinationConfig['create']): readonly ITopicConfig[] {
  const size = { numPartitions: create.partitions, replicationFactor: create.replication }
  const retentionMs = create.retentionHours < 0 ? -1 : create.retentionHours * 3_600_000
  const kept = [{ name: 'retention.ms', value: String(retentionMs) }]
  const newest = [{ name: 'cleanup.policy', value: 'compact' }]
  const small = { name: 'segment.bytes', value: String(16 * 1024 * 1024) } // only closed segments are compacted
  const all = [
    ...telemetryTopics(topics).map((topic) => ({ topic, configEntries: kept, ...size })),
    { topic: topics.alerts, configEntries: newest, ...size },
    { topic: topics.status, configEntries: [...newest, small], ...size, numPartitions: 1 },
    { topic: topics.deadletter, configEntries: kept, ...size, numPartitions: 1 },
  ]
  return [...new Map(all.map((config) => [config.topic, config])).values()]
}

async function withAdmin<T>(kafka: Kafka, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

/** 0: there is no such topic. */
async function partitionsOf(admin: Admin, topic: string): Promise<number> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]?.partitions.length ?? 0
  } catch (error) {
    if (typesOf(error).includes('UNKNOWN_TOPIC_OR_PARTITION')) return 0
    throw error
  }
}

const knownTries = 40
const knownAgainMs = 250

/** What a busy cluster has made it does not know at once, and to say that it is missing would be wrong for a minute. */
async function untilKnown(admin: Admin, topic: string): Promise<void> {
  for (let tries = 1; tries < knownTries && (await partitionsOf(admin, topic)) === 0; tries++) await timer(knownAgainMs)
}

interface Settings {
  readonly retentionMs: Millis | null
  /** So many must be alive for it to take records. */
  readonly minCopies: number
}

/** Not worth an error: who may not read the topic's settings only loses what is said beforehand. */
async function settingsOf(admin: Admin, topic: string): Promise<Settings> {
  const asked = {
    type: kafkajs.ConfigResourceTypes.TOPIC,
    name: topic,
    configNames: ['retention.ms', 'cleanup.policy', 'min.insync.replicas'],
  }
  const described = await admin.describeConfigs({ resources: [asked], includeSynonyms: false }).catch(() => null)
  const entries = described?.resources[0]?.configEntries ?? []
  const value = (name: string) => entries.find((entry) => entry.configName === name)?.configValue
  const retention = Number(value('retention.ms') ?? -1)
  const forEver = retention < 0 || !value('cleanup.policy')?.includes('delete')
  return { retentionMs: forEver ? null : retention, minCopies: Number(value('min.insync.replicas') ?? 1) }
}

const settling = ['GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR_FOR_GROUP']

/** A coordinator that is starting (the first use makes its topic) needs some seconds; the client gives it one. */
export async function patiently<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask()
    } catch (error) {
      if (attempt === 20 || !typesOf(error).some((type) => settling.includes(type))) throw error
      await sleep(250, signal)
    }
  }
}

export function typesOf(error: unknown): readonly string[] {
  const types: string[] = []
  for (let at = error; at instanceof Error && types.length < 10; at = at.cause)
    types.push('type' in at ? String(at.type) : '')
  return types
}

function signatureOf(metadata: string | null): { instance: string | null; log: string | null } {
  try {
    const { instance, log } = JSON.parse(metadata ?? '{}') as { instance?: string; log?: string }
    return { instance: instance ?? null, log: log ?? null }
  } catch {
    return { instance: null, log: null } // not written by us
  }
}
