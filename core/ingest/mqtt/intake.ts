import { createHash } from 'node:crypto'
import type { IPublishPacket } from 'mqtt'
import type { NotStored, SourceConfig, SourceRow } from '../../contract/calls.ts'
import { encodeMeta } from '../../contract/meta.ts'
import type { Millis } from '../../contract/model.ts'
import type { Appending } from '../../log/log.ts'
import type { Message } from './shortcut.ts'
import { topicMatcher } from './topic-matcher.ts'

/** Beyond this many topics the broker's memory is stored each time it is told. */
const mostRetained = 100_000

/** What of a broker's messages goes into the log. */
export class Intake {
  private readonly source: SourceConfig
  private readonly isExcluded: (topic: string) => string | null
  /** Digest of the retained message that is stored, by topic. */
  private readonly retained = new Map<string, string>()
  private excluded = 0
  /** Messages that the log has not been told of, by the filter that excludes their topic. */
  private owed = new Map<string, number>()
  private retainedAgain = 0

  constructor(source: SourceConfig) {
    this.source = source
    const own = source.announce === null ? [] : [source.announce.topic] // what we say ourselves is no news
    this.isExcluded = topicMatcher([...source.exclude, ...own])
  }

  /** Since the start: messages that were not stored, although they were acknowledged. */
  leftOut(): SourceRow['leftOut'] {
    const { excluded, retainedAgain } = this
    return { excluded, retainedAgain }
  }

  /** What the log is to know of excluded messages since it was asked for last; null when there were none. */
  toSay(): { readonly detail: string; readonly leftOut: NotStored['topics'] } | null {
    if (this.owed.size === 0) return null
    const leftOut = Array.from(this.owed, ([topics, messages]) => ({ topics, messages }))
    this.owed = new Map()
    const each = leftOut.map(({ topics, messages }) => `${messages} of "${topics}"`)
    return { detail: `messages of topics that are left out came and were not stored: ${each.join(', ')}`, leftOut }
  }

  /** The disk is full, or was: what was taken meanwhile may come again, and is not stored already. */
  forget(): void {
    this.retained.clear()
  }

  /**
   * The record of a message, or null when it is not to be stored: its topic is excluded, or it is the broker's memory of
   * a message that is stored already. Such a memory comes at each subscription, with MQTT 3.1.1 at each connection.
   */
  record(packet: Message, time: Millis): Appending | null {
    const excludes = this.isExcluded(packet.topic)
    if (excludes !== null) {
      this.noteLeftOut(excludes)
      return null
    }
    const bytes = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
    if (packet.retain && !packet.dup && this.isKnown(packet.topic, bytes)) {
      this.retainedAgain++
      return null
    }
    return {
      time,
      kind: 'message',
      source: this.source.name,
      name: packet.topic,
      qos: packet.qos,
      retained: packet.retain,
      repeat: packet.dup,
      bytes,
      meta: packet.properties === undefined ? undefined : metaOf(packet.properties),
      memo: packet.memo,
    }
  }

  private noteLeftOut(excludes: string): void {
    this.excluded++
    if (this.source.exclude.includes(excludes)) this.owed.set(excludes, (this.owed.get(excludes) ?? 0) + 1)
  }

  private isKnown(topic: string, bytes: Uint8Array): boolean {
    const digest = createHash('sha256').update(bytes).digest('base64')
    if (this.retained.get(topic) === digest) return true
    if (this.retained.size < mostRetained || this.retained.has(topic)) this.retained.set(topic, digest)
    return false
  }
}

function metaOf(properties: NonNullable<IPublishPacket['properties']>): Uint8Array {
  const { contentType, responseTopic, correlationData, messageExpiryInterval, userProperties } = properties
  return encodeMeta({
    contentType: contentType ?? null,
    properties: Object.entries(userProperties ?? {}).flatMap(([name, value]) =>
      [value].flat().map((one): [string, string] => [name, one]),
    ),
    responseTopic: responseTopic ?? null,
    correlation: correlationData?.toString('base64') ?? null,
    expirySeconds: messageExpiryInterval ?? null,
  })
}
