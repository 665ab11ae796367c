import { setTimeout as sleep } from 'node:timers/promises'
import type { IConnackPacket, MqttClient } from 'mqtt'
import { isCompressed } from '../contract/block.ts'
import type { ProbeResult, SourceConfig } from '../contract/calls.ts'
import type { FieldError } from '../contract/errors.ts'
import type { Millis } from '../contract/model.ts'
import { inflate } from '../log/inflate.ts'
import { noContext } from '../stream/decode/context.ts'
import { createDecoded } from '../stream/decode/decoded.ts'
import type { Decoder } from '../stream/decode/decoder.ts'
import { createDecoder } from '../stream/decode/decoder.ts'
import { readingsOf } from '../stream/readings.ts'
import { brokerError } from './errors.ts'
import { openConnection, type SourceSecrets, type Version } from './mqtt/connection.ts'
import { subscribeAll } from './mqtt/subscriptions.ts'

/** A person waits for this answer. */
const connectWithin: Millis = 5_000
const mostListening: Millis = 3_000
/** Topics that are told of; with "#" on a large broker there are more than a page can show. */
const mostTopics = 500
const mostText = 500

/**
 * Tries a source without leaving a trace at its broker: a client id thrown away afterwards, and no session. Listens for
 * `listenMs`, at most 3 s. What goes wrong is in the result, in its own sentence; rejects only when called off.
 */
export async function probe(
  source: SourceConfig,
  secrets: SourceSecrets,
  listenMs: Millis,
  signal?: AbortSignal,
): Promise<ProbeResult> {
  signal?.throwIfAborted()
  const began = performance.now()
  const tried: Tried = { version: null, tls: null, heard: new Map() }
  const error = await listenTo(tried, source, secrets, Math.min(listenMs, mostListening), signal).then(
    () => null,
    (failure) => brokerError(failure, source.url),
  )
  signal?.throwIfAborted()
  return {
    ok: error === null,
    milliseconds: Math.round(performance.now() - began),
    version: tried.version,
    tls: tried.tls,
    error: error === null ? null : { code: error.code, message: error.message, hint: error.hint },
    topics: told(tried),
  }
}

interface Tried {
  version: Version | null
  tls: string | null
  readonly heard: Map<string, Heard>
}

interface Heard {
  messages: number
  bytes: Uint8Array
  at: Millis
}

async function listenTo(
  tried: Tried,
  source: SourceConfig,
  secrets: SourceSecrets,
  listenMs: Millis,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { client, hello } = await connect(source, secrets, signal)
  const lost = Promise.withResolvers<never>()
  client.once('close', () => lost.reject(new Error('closed')))
  lost.promise.catch(() => undefined) // whoever waits for it below is told
  tried.version = client.options.protocolVersion === 5 ? '5' : '3.1.1'
  tried.tls = tlsOf(client)
  try {
    client.on('message', (topic, bytes) => hear(tried.heard, topic, bytes))
    await Promise.race([subscribe(client, source, hello), lost.promise])
    await Promise.race([sleep(listenMs, undefined, { signal }), lost.promise])
  } finally {
    await client.endAsync(true)
  }
}

interface Connected {
  readonly client: MqttClient
  readonly hello: IConnackPacket
}

/** With `auto` MQTT 5 first; a broker that does not speak it closes the connection or says so. */
async function connect(
  source: SourceConfig,
  secrets: SourceSecrets,
  signal: AbortSignal | undefined,
): Promise<Connected> {
  const first: Version = source.version === '3.1.1' ? '3.1.1' : '5'
  try {
    return await connected(source, secrets, first, signal)
  } catch (failure) {
    if (source.version !== 'auto' || !isOtherVersion(brokerError(failure, source.url))) throw failure
    return connected(source, secrets, '3.1.1', signal)
  }
}

function isOtherVersion(error: FieldError): boolean {
  const { cause } = error
  const reason = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : null
  return error.code === 'broker_lost' || (error.code === 'broker_refused' && [1, 130, 132].includes(Number(reason)))
}

async function connected(
  source: SourceConfig,
  secrets: SourceSecrets,
  version: Version,
  signal: AbortSignal | undefined,
): Promise<Connected> {
  const clientId = `fwprobe${Math.random().toString(36).slice(2, 14)}`
  const client = openConnection(source, secrets, { version, clientId, clean: true, timeoutMs: connectWithin })
  const settled = Promise.withResolvers<IConnackPacket>()
  const callOff = () => settled.reject(signal?.reason)
  const late = setTimeout(() => settled.reject(new Error('connack timeout')), connectWithin) // also while TLS is agreed
  client.on('error', settled.reject) // stays: an error without a listener would end the thread
  client.once('connect', settled.resolve)
  client.once('close', () => settled.reject(new Error('closed')))
  signal?.addEventListener('abort', callOff, { once: true })
  try {
    return { client, hello: await settled.promise }
  } catch (failure) {
    await client.endAsync(true)
    throw failure
  } finally {
    clearTimeout(late)
    signal?.removeEventListener('abort', callOff)
  }
}

async function subscribe(client: MqttClient, source: SourceConfig, hello: IConnackPacket): Promise<void> {
  const [refused] = (await subscribeAll(client, source, hello)).refused
  if (refused !== undefined) throw refused.error
}

function hear(heard: Map<string, Heard>, topic: string, bytes: Uint8Array): void {
  const before = heard.get(topic)
  if (before === undefined && heard.size >= mostTopics) return
  heard.set(topic, { messages: (before?.messages ?? 0) + 1, bytes, at: Date.now() })
}

function tlsOf(client: MqttClient): string | null {
  const { stream } = client
  if (!('getProtocol' in stream) || typeof stream.getProtocol !== 'function') return null
  return String(stream.getProtocol())
}

/** The newest message of each topic, decoded as the path would, by name of topic. */
function told({ heard }: Tried): ProbeResult['topics'] {
  const decoder = createDecoder()
  return [...heard]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { messages, bytes, at }]) => ({
      name,
      messages,
      text: textOf(bytes),
      ...decode(decoder, name, bytes, at),
    }))
}

function decode(
  decoder: Decoder,
  topic: string,
  bytes: Uint8Array,
  arrival: Millis,
): Pick<ProbeResult['topics'][number], 'readings' | 'undecodable'> {
  const decoded = createDecoded()
  const plain = isCompressed(bytes) ? inflate(bytes) : bytes
  const undecodable =
    plain === null ? 'too_large' : decoder.decode({ source: '', name: topic }, plain, noContext, decoded)
  return { readings: undecodable === null ? readingsOf(decoded, 0, arrival, rightClocks) : [], undecodable }
}

/** Nothing is known of them before they are watched. */
const rightClocks = { behind: () => 0 }

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).slice(0, mostText)
  } catch {
    return null
  }
}
