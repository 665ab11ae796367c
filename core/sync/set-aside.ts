import type { Millis } from '../contract/model.ts'
import type { Letter } from './aside-book.ts'
import type { Batch } from './batch.ts'
import type { Failure } from './failures.ts'
import { ourClock } from './our-clock.ts'
import type { Chunk } from './packing.ts'
import { letter, type Voice } from './record-format.ts'
import { type KafkaRecord, type Origin, partitionOf, requests } from './sender.ts'

type Send = (records: readonly KafkaRecord[], packed?: readonly Chunk[]) => Promise<void>

/** Sends what a batch holds; resolves to what was taken of it, with what was set aside as its letters. */
export type Sending = (batch: Batch, send: Send) => Promise<Batch>

export const atOnce: Sending = async (batch, send) => {
  await send(batch.sent, batch.packed)
  return batch
}

export interface Care {
  readonly voice: Voice
  readonly now: Millis
  /** Partitions of each topic that exists. */
  readonly topics: ReadonlyMap<string, number>
  /** Whether it gets a dead letter; absent: all do. */
  readonly wantsLetter?: (of: Origin) => boolean
  readonly explain: (error: unknown) => Failure
}

/**
 * Of a batch that is not packed the requests of each partition, halved where the cluster rejects one. A request to one partition is taken whole or
 * not at all, so this finds the records that it will not take, and leaves the rest in their order, in the same
 * transaction. What is found goes to the topic of dead letters; where that is missing or refused too, it stays in the log.
 */
export function carefully(care: Care): Sending {
  return async (batch, send) => {
    const refused: Refused[] = []
    for (const records of byPartition(batch.sent, care.topics))
      for (const request of requests(records)) refused.push(...(await halve(request, send, care)))
    const letters: Letter[] = []
    for (const { record, failure } of refused) letters.push(await setAside(record, failure, send, care))
    const kept = letters.filter((one) => one.kept === 'topic').length
    return { ...batch, records: batch.records - refused.length + kept, letters }
  }
}

interface Refused {
  readonly record: KafkaRecord
  readonly failure: Failure
}

function byPartition(records: readonly KafkaRecord[], topics: Care['topics']): readonly KafkaRecord[][] {
  const groups = new Map<string, KafkaRecord[]>()
  for (const record of records) {
    const place = `${record.topic} ${partitionOf(record, topics.get(record.topic) ?? 1)}`
    const group = groups.get(place)
    if (group === undefined) groups.set(place, [record])
    else group.push(record)
  }
  return [...groups.values()]
}

async function halve(records: readonly KafkaRecord[], send: Send, care: Care): Promise<readonly Refused[]> {
  try {
    await send(records)
    return []
  } catch (error) {
    const failure = care.explain(error)
    if (failure.backoff !== 'rejected') throw error
    if (records.length === 1) return [{ record: records[0]!, failure }]
    const half = records.length >> 1
    const before = await halve(records.slice(0, half), send, care)
    return [...before, ...(await halve(records.slice(half), send, care))]
  }
}

async function setAside(record: KafkaRecord, failure: Failure, send: Send, care: Care): Promise<Letter> {
  // A status record is of no record of the log, and has the time of this machine.
  if (record.of === null)
    throw typeOf(failure) === 'INVALID_TIMESTAMP' ? ourClock(record.time, failure.error) : failure.error
  const reason = reasonOf(failure)
  const wanted = care.wantsLetter?.(record.of) ?? true
  return { ...record.of, reason, kept: wanted ? await keep(record, reason, send, care) : 'log' }
}

async function keep(record: KafkaRecord, reason: string, send: Send, care: Care): Promise<Letter['kept']> {
  if (!care.topics.has(care.voice.topics.deadletter)) return 'log'
  const dead = letter(care.voice, record, reason, care.now)
  try {
    await send([dead])
    return 'topic'
  } catch (error) {
    const failure = care.explain(error)
    if (typeOf(failure) === 'INVALID_TIMESTAMP') throw ourClock(dead.time, failure.error)
    if (!['rejected', 'denied', 'topic'].includes(failure.backoff)) throw error
    return 'log'
  }
}

const reasons: Readonly<Record<string, string>> = {
  MESSAGE_TOO_LARGE: 'too large for the topic',
  RECORD_LIST_TOO_LARGE: 'too large for the topic',
  INVALID_TIMESTAMP: 'its time is outside of what the topic takes',
  INVALID_RECORD: 'not valid for the topic',
  POLICY_VIOLATION: 'against a policy of the cluster',
}

function reasonOf(failure: Failure): string {
  const words = reasons[typeOf(failure)]
  return words === undefined ? failure.error.message : `${words} (${typeOf(failure)})`
}

/** As the client names it. */
function typeOf({ error: { cause } }: Failure): string {
  return typeof cause === 'object' && cause !== null && 'type' in cause ? String(cause.type) : ''
}
