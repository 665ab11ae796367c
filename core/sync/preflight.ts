import { type ErrorCode, FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import type { ClusterFacts } from './cluster.ts'
import { type Topics, telemetryTopics } from './topics.ts'

// What is looked at before anything is sent.

/** Something a person should know, while sending goes on. */
export interface Warning {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string | null
}

/** The topics without which nothing can be sent; status and dead letters can wait until they are needed. */
export function missingIn({ topics }: ClusterFacts, wanted: Topics, alerts: boolean): string[] {
  return [...telemetryTopics(wanted), ...(alerts ? [wanted.alerts] : [])].filter((topic) => !topics.has(topic))
}

/** Going on where another cluster stopped would leave this one without what came before. */
export function checkSameCluster(name: string, known: string | null, { id }: ClusterFacts): void {
  if (known === null || known === id) return
  throw new FieldError('kafka_state', `"${name}" has become another cluster (${id}; it was ${known})`, {
    hint: 'Give this destination another name to send the whole kept log to the new cluster, or correct its brokers.',
  })
}

/** A transaction that is begun all the same would hang, and hold back who reads the topic, until its copies are back. */
export function checkCopies({ short }: ClusterFacts): void {
  if (short === null) return
  const { topic, alive, needed } = short
  throw new FieldError(
    'kafka_unreachable',
    `"${topic}" has ${alive} of the ${needed} copies alive without which it takes nothing`,
    {
      hint: 'Nothing is lost; it goes on when the other brokers are back (min.insync.replicas of the topic says how many).',
    },
  )
}

/** Said when a session has found out where the one stood that this was copied from. */
export function copied(shared: Offset, source: string): Warning {
  return {
    code: 'kafka_state',
    message: `this data was copied or restored: records from ${shared} on go under the source ${source}`,
    hint: 'So they are never taken for those that the other copy sends.',
  }
}

/** Retention keeps what was not sent, unless the disk left no choice. */
export function expired(next: Offset, base: Offset): Warning {
  const message = `records ${next} to ${base - 1} left the log before they were sent`
  return { code: 'offset_expired', message, hint: 'Give the log more room on the disk.' }
}

/** Before they go; `topic` is that for dead letters. */
export function onlyInLog(count: number, topic: string): Warning {
  return {
    code: 'kafka_rejected',
    message: `${count} of the records were set aside and are in the log only, because "${topic}" did not take them either`,
    hint: 'They go with the log. Let that topic take them, and send them again under "Set aside": what is still refused is put there.',
  }
}

export function asideExpired(count: number): Warning {
  const message = `${count} records that were set aside left the log, and no dead letter has them`
  return { code: 'offset_expired', message, hint: 'They are counted as gone unsent, and listed in the ledger.' }
}

/** Null: the topic keeps records for longer than our oldest one is old. */
export function shortRetention(of: Topics, { retentionMs }: ClusterFacts, behindMs: Millis): Warning | null {
  if (retentionMs === null || behindMs < retentionMs) return null
  return {
    code: 'kafka_state',
    message: `"${telemetryTopics(of)[0]}" keeps records for ${span(retentionMs)}, but the oldest to send is ${span(behindMs)} old: the cluster deletes it soon after it arrives`,
    hint: 'Raise its retention.ms before, if that history is wanted there.',
  }
}

/** Null: no topic of readings has more partitions than when a session last looked. A device's next record may go elsewhere. */
export function morePartitions(
  of: Topics,
  before: Readonly<Record<string, number>>,
  topics: ReadonlyMap<string, number>,
): Warning | null {
  const grown = telemetryTopics(of).find((topic) => (topics.get(topic) ?? 0) > (before[topic] ?? Infinity))
  if (grown === undefined) return null
  return {
    code: 'kafka_state',
    message: `"${grown}" has ${topics.get(grown)} partitions now, it had ${before[grown]}: devices may go on in another one, and their order is kept within each only`,
    hint: 'Nothing is lost or doubled. Who reads it in order should sort by edge-offset across this change.',
  }
}

function span(ms: Millis): string {
  const hours = ms / 3_600_000
  if (hours >= 48) return `${Math.round(hours / 24)} days`
  return `${hours < 10 ? hours.toFixed(1) : Math.round(hours)} hours`
}
