import type { IConnackPacket, MqttClient } from 'mqtt'
import type { SourceConfig } from '../../contract/calls.ts'
import type { FieldError } from '../../contract/errors.ts'
import { topicRefused } from '../errors.ts'
import type { Version } from './connection.ts'

export interface Refused {
  readonly topic: string
  readonly error: FieldError
}

/** Asks for every topic of a source; those that the broker refuses. Rejects when the connection ends meanwhile. */
export async function subscribeAll(
  client: MqttClient,
  source: SourceConfig,
  hello: IConnackPacket,
): Promise<Refused[]> {
  const { topics, qos } = source
  const shares = hello.properties?.sharedSubscriptionAvailable !== false // MQTT 5; an older broker does not say
  const all = topics.map((topic) => (isShared(topic) && !shares ? noShares(topic) : subscribeTo(client, topic, qos)))
  return (await Promise.all(all)).filter((one) => one !== null)
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
function noShares(topic: string): Refused {
  return { topic, error: topicRefused(topic, 158) }
}

/** Null when it is granted. With MQTT 5 retained messages come only for a subscription that is new to the session. */
async function subscribeTo(client: MqttClient, topic: string, qos: 0 | 1 | 2): Promise<Refused | null> {
  try {
    await client.subscribeAsync(topic, { qos, rh: 1 })
    return null
  } catch (error) {
    if (!isRefusal(error)) throw error
    return { topic, error: topicRefused(topic, error.packet.granted?.[0] ?? null) }
  }
}

function isRefusal(error: unknown): error is { readonly packet: { readonly granted?: readonly number[] } } {
  return typeof error === 'object' && error !== null && 'packet' in error // mqtt.js: ErrorWithSubackPacket
}
