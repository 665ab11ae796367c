import type { IPublishPacket, MqttClient } from 'mqtt'
import type { SourceConfig, SourceRow } from '../../contract/calls.ts'
import { FieldError } from '../../contract/errors.ts'
import { encodeMeta } from '../../contract/meta.ts'
import type { GapCause, LinkEvent, Millis } from '../../contract/model.ts'
import { type Arrival, type Batcher, Rate } from '../batcher.ts'
import { brokerError, topicRefused } from '../errors.ts'
import { openConnection, type Version } from './connection.ts'
import { DeferredAcks } from './deferred-acks.ts'
import { topicMatcher } from './topic-matcher.ts'

export interface SourceOptions {
  readonly source: SourceConfig
  readonly password: string | null
  readonly clientId: string
  readonly batcher: Batcher
  readonly now: () => Millis
  /** The row changed. */
  readonly onChange: () => void
}

interface Refused {
  readonly topic: string
  readonly error: FieldError
}

/** What a source knows of itself; what of it waits for the disk is known to the batcher. */
type LinkState = Omit<SourceRow, 'queue' | 'dropped'>

const retry = { firstMs: 500, longestMs: 30_000 }
const farewellMs = 2_000

/** Captures from one broker, over and over, until it is stopped. Messages are acknowledged when they are in the log. */
export class MqttSource {
  private readonly options: SourceOptions
  private readonly rate: Rate
  private version: Version
  private client: MqttClient | null = null
  private acks: DeferredAcks | null = null
  private timer: NodeJS.Timeout | null = null
  private stopping = false
  private attempt = 0
  /** It has spoken `version` to us. */
  private spoke = false
  /** As the log knows it; null before the first link record. */
  private told: GapCause | 'up' | null = null
  private state: SourceRow['state'] = 'connecting'
  private error: FieldError | null = null
  private refused: readonly Refused[] = []
  private failure: unknown = null
  private full: FieldError | null = null
  private readonly droppable: (topic: string) => string | null

  constructor(options: SourceOptions) {
    this.options = options
    this.droppable = topicMatcher(options.source.dropQos0)
    this.rate = new Rate(options.now)
    this.version = options.source.version === '3.1.1' ? '3.1.1' : '5'
    this.connect()
  }

  row(): LinkState {
    const { name, url } = this.options.source
    const { state, error, refused } = this
    return {
      name,
      url,
      state,
      version: this.spoke ? this.version : null,
      perSecond: state === 'up' ? Math.round(this.rate.perSecond() * 10) / 10 : 0,
      error: error === null ? null : { code: error.code, message: error.message, hint: error.hint },
      refusedTopics: refused.map((one) => one.topic),
    }
  }

  /** The disk is full, so nothing is taken; or it has room again (null). The log learns both, dated when they happened. */
  hold(full: FieldError | null): void {
    this.full = full
    if (full !== null) this.tell('disk full', `${full.code}: ${full.message}`)
    else this.enter(this.state, this.error)
  }

  /** There is room for what it was told to wait with. */
  resume(): void {
    this.acks?.resume()
  }

  /** Takes no more messages. What was taken must be committed before `close`, so that its acknowledgement still leaves. */
  pause(): void {
    this.stopping = true
    if (this.timer !== null) clearTimeout(this.timer)
  }

  /** Says goodbye; `forGood`: the broker need keep nothing for us. Never throws, and takes two seconds at most. */
  async close(forGood: boolean): Promise<void> {
    this.pause()
    const client = this.client
    if (client === null) {
      if (forGood) this.tell('removed', 'removed here')
      return
    }
    if (forGood && client.connected) client.unsubscribe([...this.options.source.topics])
    const force = setTimeout(() => client.end(true), farewellMs)
    await client.endAsync(!client.connected)
    clearTimeout(force)
    this.tell(forGood ? 'removed' : 'not running', forGood ? 'removed here' : 'stopped here')
  }

  private connect(): void {
    const { source, password, clientId } = this.options
    this.failure = null
    try {
      this.client = openConnection(source, password, { version: this.version, clientId, clean: false })
    } catch (error) {
      this.failure = error
      this.closed()
      return
    }
    this.listen(this.client)
  }

  private listen(client: MqttClient): void {
    this.acks = new DeferredAcks(client, this.take.bind(this))
    client.on('connect', () => this.connected(client))
    client.on('error', (error) => {
      this.failure ??= error
    })
    client.on('disconnect', (packet) => {
      this.failure ??= new Error(`it said goodbye with reason ${packet.reasonCode ?? 0}`)
    })
    client.once('close', () => this.closed())
  }

  private take(packet: IPublishPacket, acks: DeferredAcks): boolean {
    if (this.stopping) return false
    this.rate.count()
    return this.options.batcher.add({
      record: this.record(packet),
      ack: ackOf(packet, acks),
      urgent: this.version === '3.1.1',
      dropAs: packet.qos === 0 ? this.droppable(packet.topic) : null,
    })
  }

  private record(packet: IPublishPacket): Arrival['record'] {
    const bytes = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
    return {
      time: this.options.now(),
      kind: 'message',
      source: this.options.source.name,
      name: packet.topic,
      qos: packet.qos,
      retained: packet.retain,
      repeat: packet.dup,
      bytes,
      ...(packet.properties === undefined ? {} : { meta: metaOf(packet.properties) }),
    }
  }

  private connected(client: MqttClient): void {
    this.spoke = true
    this.attempt = 0
    if (this.refused.length < this.options.source.topics.length) this.enter('up', null)
    void this.subscribe(client)
  }

  private async subscribe(client: MqttClient): Promise<void> {
    const { topics, qos } = this.options.source
    const refused = await Promise.all(topics.map((topic) => subscribeTo(client, topic, qos)))
    if (client !== this.client || !client.connected) return
    this.refused = refused.filter((one) => one !== null)
    const error = this.refused[0]?.error ?? null
    this.enter(this.refused.length === topics.length ? 'action needed' : 'up', error)
    if (this.state === 'action needed') this.timer = setTimeout(() => void this.subscribe(client), retry.longestMs)
  }

  private closed(): void {
    this.client?.removeAllListeners('connect')
    if (this.acks !== null) this.options.batcher.forget(this.acks)
    this.acks = null
    this.client = null
    if (this.timer !== null) clearTimeout(this.timer)
    if (this.stopping) return
    const error = brokerError(this.failure ?? new Error('closed'), this.options.source.url)
    this.enter(needsAction(error) ? 'action needed' : 'down', error)
    const other = !this.spoke && this.options.source.version === 'auto' && isOtherVersion(this.failure)
    if (other) this.version = this.version === '5' ? '3.1.1' : '5'
    this.timer = setTimeout(() => this.connect(), other && this.attempt === 0 ? 0 : backoff(this.attempt))
    this.attempt++
  }

  private enter(state: SourceRow['state'], error: FieldError | null): void {
    this.state = state
    this.error = error
    if (this.full === null) this.tell(state === 'up' ? 'up' : causeOf(error), error?.message ?? null)
    this.options.onChange()
  }

  /** Only a change is a record, so that a broker that is away for a week costs one. */
  private tell(now: GapCause | 'up', detail: string | null): void {
    if (this.told === now) return
    this.told = now
    const [event, cause] = now === 'up' ? (['up', null] as const) : (['down', now] as const)
    const record = linkRecord(this.options.now(), this.options.source.name, event, detail, cause)
    this.options.batcher.add({ record, ack: null, urgent: true })
  }
}

/** A link record: `source` empty is about the whole installation. */
export function linkRecord(
  time: Millis,
  source: string,
  event: LinkEvent,
  detail: string | null,
  cause: GapCause | null = null,
): Arrival['record'] {
  return { time, kind: 'link', source, name: event, bytes: Buffer.from(JSON.stringify({ detail, cause })) }
}

/** A broker that answers with a no is told apart from one that is away: its reason codes are numbers. */
function causeOf(error: FieldError | null): GapCause {
  const reason = (error?.cause as { readonly code?: unknown } | null | undefined)?.code
  const refused = typeof reason === 'number' || error?.code === 'broker_topic_refused'
  return refused ? 'refused by broker' : 'broker link down'
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

function ackOf(packet: IPublishPacket, to: DeferredAcks): Arrival['ack'] {
  return packet.qos === 0 ? null : { to, packetId: packet.messageId ?? 0, qos: packet.qos }
}

/** Null when it is granted. With MQTT 5 retained messages come only for a subscription that is new to the session. */
async function subscribeTo(client: MqttClient, topic: string, qos: 0 | 1 | 2): Promise<Refused | null> {
  try {
    await client.subscribeAsync(topic, { qos, rh: 1 })
    return null
  } catch (error) {
    return { topic, error: topicRefused(topic, subackReason(error)) }
  }
}

function subackReason(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('packet' in error)) return null
  const granted = (error.packet as { granted?: readonly number[] } | undefined)?.granted // mqtt.js: ErrorWithSubackPacket
  return granted?.[0] ?? null
}

function needsAction(error: FieldError): boolean {
  return error.code === 'broker_login' || error.code === 'broker_tls' || error.code === 'broker_topic_refused'
}

/** What brokers answer to a version they do not speak: a reason code, something unreadable, or nothing at all. */
function isOtherVersion(failure: unknown): boolean {
  if (failure === null) return true
  if (typeof failure !== 'object' || !('code' in failure))
    return !(failure instanceof FieldError) && !isTimeout(failure)
  return [1, 130, 132, 'ECONNRESET', 'EPIPE'].includes(failure.code as string | number)
}

function isTimeout(failure: unknown): boolean {
  return failure instanceof Error && failure.message === 'connack timeout'
}

/** Twice as long each time, and never all at the same moment. */
function backoff(attempt: number): Millis {
  const longest = Math.min(retry.longestMs, retry.firstMs * 2 ** Math.min(attempt, 16))
  return longest * (0.5 + Math.random() / 2)
}
