import type { Kafka } from 'kafkajs'
import type { Offset } from '../contract/model.ts'
import { typesOf } from './cluster.ts'
import { TopicReader } from './topic-reader.ts'

// A compacted topic that many installations write into: the newest of ours is near its end, or was long ago.
const firstLook = 2_000
const farthestLook = 400_000

/**
 * How far the newest status record of `key` that is committed says we are: it travelled in the transaction of what it
 * tells. Null: there is none, or it cannot be read, so nothing is known.
 */
export async function lastStatus(
  kafka: Kafka,
  topic: string,
  key: string,
  signal: AbortSignal,
): Promise<Offset | null> {
  try {
    const reader = await TopicReader.open(kafka, topic)
    try {
      const found = await Promise.all(reader.partitions().map((partition) => newestIn(reader, partition, key, signal)))
      return found.reduce((newest, next) => (next !== null && next > (newest ?? -1) ? next : newest), null)
    } finally {
      await reader.close()
    }
  } catch (error) {
    if (typesOf(error).some((type) => unreadable.has(type))) return null
    throw error
  }
}

const unreadable = new Set(['TOPIC_AUTHORIZATION_FAILED', 'UNKNOWN_TOPIC_OR_PARTITION'])

async function newestIn(
  reader: TopicReader,
  partition: number,
  key: string,
  signal: AbortSignal,
): Promise<Offset | null> {
  const { first, end } = await reader.bounds(partition)
  let until = end
  for (let look = firstLook; until > first && end - until < farthestLook; look *= 4) {
    const from = Math.max(first, until - look)
    let newest: string | null = null
    for await (const records of reader.span(partition, from, until, signal))
      newest = records.findLast((record) => record.key === key)?.value ?? newest
    if (newest !== null) return nextIn(newest)
    until = from
  }
  return null
}

function nextIn(value: string): Offset | null {
  const { next } = JSON.parse(value) as { next?: unknown }
  return typeof next === 'number' ? next : null
}
