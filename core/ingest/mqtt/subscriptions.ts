import type { IConnackPacket, MqttClient } from 'mqtt'
import type { SourceConfig } from '../../contract/calls.ts'
import type { FieldError } from '../../contract/errors.ts'
import { topicRefused } from '../errors.ts'
import { sessionSeconds, type Version } from './connection.ts'

export interface Refused {
  readonly topic: string
  readonly error: FieldError
}

interface Answer {
  readonly topic: string
  /** Null: it is granted. */
  readonly error: FieldError | null
  /** With a lower quality of service than was asked for. */
  readonly lowered: boolean
}

/** Asks for every topic of a source. Rejects when the connection ends meanwhile. */
export async function subscribeAll(
  client: MqttClient,
  source: SourceConfig,
  hello: IConnackPacket,
): Promise<{ readonly refused: readonly Refused[]; readonly lowered: readonly string[] }> {
  const { topics, qos } = source
  const shares = hello.properties?.sharedSubscriptionAvailable !== false // MQTT 5; an older broker does not say
  const all = await Promise.all(
    topics.map((topic) => (isShared(topic) && !shares ? noShares(topic) : subscribeTo(client, topic, qos))),
  )
  return {
    refused: all.flatMap(({ topic, error }) => (error === null ? [] : [{ topic, error }])),
    lowered: all.filter(({ lowered }) => lowered).map(({ topic }) => topic),
  }
}

/** What a person must know of topics that are granted with a lower quality of service; null when none is. */
export function loweredNote(topics: readonly string[]): string | null {
  if (topics.length === 0) return null
  return `${topics.join(', ')}: the broker grants a lower quality of service than was asked for, and does not repeat what is lost on the way or while Fieldwatch is away`
}

/** What a person must know of how long the broker keeps what comes while we are away; null when it is as long as we ask. */
export function expiryNote({ properties }: IConnackPacket): string | null {
  const seconds = properties?.sessionExpiryInterval // MQTT 5: only where it is another than was asked for
  if (seconds === undefined || seconds >= sessionSeconds) return null
  if (seconds === 0) return 'the broker keeps nothing of what comes while Fieldwatch is away'
  const time = seconds >= 7_200 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 60)} min`
  return `the broker keeps what comes while Fieldwatch is away for ${time} at most`
}

/** What a person must know of topics that are shared; null when none is. */
export function sharedNote(topics: readonly string[], version: Version): string | null {
  const shared = topics.filter(isShared)
  if (shared.length === 0) return null
  const silent =
    version === '5' ? '' : '; with MQTT 3.1.1 a broker without shared subscriptions says nothing and sends nothing'
  return `${shared.join(', ')}: shared, so what other members of the group took is not in this log${silent}`
}

function isShared(topic: string): boolean {
  return topic.startsWith('$share/')
}

/** To ask all the same would end the connection. */
function noShares(topic: string): Answer {
  return { topic, error: topicRefused(topic, 158), lowered: false }
}

/** With MQTT 5 retained messages come only for a subscription that is new to the session. */
async function subscribeTo(client: MqttClient, topic: string, qos: 0 | 1 | 2): Promise<Answer> {
  try {
    const granted = await client.subscribeAsync(topic, { qos, rh: 1 })
    return { topic, error: null, lowered: granted.some((one) => one.qos < qos) }
  } catch (error) {
    if (!isRefusal(error)) throw error
    return { topic, error: topicRefused(topic, error.packet.granted?.[0] ?? null), lowered: false }
  }
}

function isRefusal(error: unknown): error is { readonly packet: { readonly granted?: readonly number[] } } {
  return typeof error === 'object' && error !== null && 'packet' in error // mqtt.js: ErrorWithSubackPacket
}
