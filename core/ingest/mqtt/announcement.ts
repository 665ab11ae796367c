import type { IClientOptions, MqttClient } from 'mqtt'
import type { SourceConfig } from '../../contract/calls.ts'
import type { Millis } from '../../contract/model.ts'

/**
 * Tells others at the broker whether we are there: `{"state":"online","source","time"}` at the start,
 * `{"state":"offline","source","cause":"stopped","time"}` at a stop, and by the broker, when it loses us,
 * `{"state":"offline","source","cause":"lost"}`.
 */
export function willOf({ name, announce }: SourceConfig): { will?: NonNullable<IClientOptions['will']> } {
  if (announce === null) return {}
  const payload = Buffer.from(JSON.stringify({ state: 'offline', source: name, cause: 'lost' }))
  return { will: { topic: announce.topic, payload, qos: 1, retain: announce.retained } }
}

/**
 * Resolves when the broker has it; rejects when it does not take it. Nothing to tell: resolves at once. The end is told
 * at QoS 0: nobody is left to hear the answer.
 */
export async function announce(
  client: MqttClient,
  { name, announce: how }: SourceConfig,
  state: 'online' | 'offline',
  time: Millis,
): Promise<void> {
  if (how === null) return
  const cause = state === 'offline' ? { cause: 'stopped' } : {}
  const payload = JSON.stringify({ state, source: name, ...cause, time })
  await client.publishAsync(how.topic, payload, { qos: state === 'online' ? 1 : 0, retain: how.retained })
}
