import type { IConnackPacket, MqttClient } from 'mqtt'
import type { NotStored, SourceConfig, SourceRow } from '../../contract/calls.ts'
import { FieldError } from '../../contract/errors.ts'
import type { GapCause, LinkEvent, Millis } from '../../contract/model.ts'
import type { Appending } from '../../log/log.ts'
import { type Arrival, type Batcher, Rate } from '../batcher.ts'
import { announcementRefused, brokerError, goodbye, takenError } from '../errors.ts'
import { announce, willOf } from './announcement.ts'
import { openConnection, type SourceSecrets, type Version } from './connection.ts'
import { DeferredAcks } from './deferred-acks.ts'
import { Intake } from './intake.ts'
import { Rebirths, rebirthCommand } from './rebirth.ts'
import { type Ending, Retry } from './retry.ts'
import type { Sessions } from './sessions.ts'
import { type Message, takeShortcut } from './shortcut.ts'
import { expiryNote, loweredNote, type Refused, sharedNote, subscribeAll } from './subscriptions.ts'
import { topicMatcher } from './topic-matcher.ts'

export interface SourceOptions {
  readonly source: SourceConfig
  readonly secrets: SourceSecrets
  readonly clientId: string
  readonly sessions: Sessions
  readonly batcher: Batcher
  readonly now: () => Millis
  /** The row changed. */
  readonly onChange: () => void
}

/** What a source knows of itself; what of it waits for the disk is known to the batcher. */
type LinkState = Omit<SourceRow, 'queue' | 'dropped'>

/** Why the capture of a source ends. */
export type Ended = 'removed' | 'settings changed' | 'not running'

/** As the log words it. */
export const endedWords: Readonly<Record<Ended, string>> = {
  removed: 'removed here',
  'settings changed': 'its settings were changed here',
  'not running': 'stopped here',
}

const farewellMs = 2_000
const leftOutEvery: Millis = 60_000
/** A refusal of all topics is asked about again. */
const askAgainMs = 30_000
/** A broker that is there answers a ping in this time. */
const answerMs = 5_000
const takenOver = 142

/** Captures from one broker, over and over, until it is stopped. Messages are acknowledged when they are in the log. */
export class MqttSource {
  private readonly options: SourceOptions
  private readonly rate: Rate
  private readonly intake: Intake
  private readonly retry = new Retry()
  private version: Version
  private client: MqttClient | null = null
  private acks: DeferredAcks | null = null
  private timer: NodeJS.Timeout | null = null
  private stopping = false
  /** When the broker took the connection that is open; null: it has not. */
  private since: Millis | null = null
  private checking: NodeJS.Timeout | null = null
  /** It has spoken `version` to us. */
  private spoke = false
  /** As the log knows it; null before the first link record. */
  private told: string | null = null
  private state: SourceRow['state'] = 'connecting'
  private error: FieldError | null = null
  private refused: readonly Refused[] = []
  /** Granted with a lower quality of service than was asked for. */
  private lowered: readonly string[] = []
  /** What the broker said of the time in which we are away. */
  private expiry: string | null = null
  private failure: unknown = null
  /** The broker said that another program has taken over. */
  private wasTaken = false
  /** The broker holds all that was sent while we were away. */
  private held = false
  /** Why the broker has kept nothing for us, until the log knows it. */
  private unkept: string | null = null
  /** When the log was last asked to be told of what is left out. */
  private leftOutTold: Millis = 0
  /** QoS 0 came. */
  private plain = false
  private full: FieldError | null = null
  private readonly rebirths = new Rebirths()
  private readonly droppable: (topic: string) => string | null

  constructor(options: SourceOptions) {
    this.options = options
    this.droppable = topicMatcher(options.source.dropQos0)
    this.rate = new Rate(options.now)
    this.intake = new Intake(options.source)
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
      leftOut: this.intake.leftOut(),
      note: this.note(null),
    }
  }

  /** The disk is full, so nothing is taken; or it has room again (null). The log learns both, dated when they happened. */
  hold(full: FieldError | null): void {
    this.full = full
    this.intake.forget()
    if (full !== null) this.tell('disk full', `${full.code}: ${full.message}`)
    else this.enter(this.state, this.error)
  }

  /** There is room for what it was told to wait with. */
  resume(): void {
    this.acks?.resume()
  }

  /** Each second. What was left out is told once a minute, not with each message. */
  everySecond(): void {
    if (this.options.now() - this.leftOutTold >= leftOutEvery) this.tellLeftOut()
  }

  /** Messages of a topic hold a Sparkplug alias whose birth is not known: it is asked for, where a person allows that. */
  lacksBirth(topic: string): void {
    const { client, options } = this
    if (!options.source.rebirth || client === null || !client.connected) return
    const to = this.rebirths.topicFor(topic, options.now())
    if (to === null) return
    // a broker that does not take it: it is asked again with a message that still lacks it
    client.publishAsync(to, rebirthCommand(options.now()), { qos: 0, retain: false }).catch(() => undefined)
  }

  /** The machine has slept: the broker may have given us up long ago, which keepalive would notice much later. */
  check(): void {
    if (this.stopping || this.full !== null) return
    if (this.client === null) this.connectNow()
    else if (this.client.connected) this.ping(this.client)
  }

  /** Takes no more messages. What was taken must be committed before `close`, so that its acknowledgement still leaves. */
  pause(): void {
    this.stopping = true
    this.clearTimers()
  }

  /** Says goodbye. The broker keeps the session except for a source that is removed. Never throws, and takes two seconds at most. */
  async close(why: Ended): Promise<void> {
    const { source, sessions } = this.options
    this.pause()
    const client = this.client
    if (client?.connected === true) this.sayGoodbye(client, why)
    if (why === 'removed') sessions.forget(source.name)
    if (client !== null) {
      this.acks?.letGo()
      await leave(client)
    }
    if (client !== null || why !== 'not running') this.tell(why, endedWords[why])
  }

  /** Both leave before the connection is closed. */
  private sayGoodbye(client: MqttClient, why: Ended): void {
    const { source, clientId, sessions, now } = this.options
    if (why === 'removed') client.unsubscribe([...source.topics, ...sessions.unwanted(source, clientId)])
    announce(client, source, 'offline', now()).catch(() => undefined) // a broker that does not take it has been told of
  }

  private connectNow(): void {
    this.clearTimers()
    this.connect()
  }

  private connect(): void {
    const { source, secrets, clientId } = this.options
    this.failure = null
    this.since = null
    this.wasTaken = false
    try {
      const how = { version: this.version, clientId, clean: false, ...willOf(source) }
      this.client = openConnection(source, secrets, how, this.listen.bind(this))
    } catch (error) {
      this.failure = error
      this.closed()
    }
  }

  private listen(client: MqttClient): void {
    const acks = new DeferredAcks(client, this.take.bind(this))
    this.acks = acks
    takeShortcut(client, acks.message.bind(acks))
    client.on('connect', (packet) => this.connected(client, packet))
    client.on('error', (error) => {
      this.failure ??= error
    })
    client.on('disconnect', (packet) => {
      this.failure ??= goodbye(packet.reasonCode ?? 0, this.options.source.url)
      this.wasTaken = packet.reasonCode === takenOver
      client.stream.destroy() // it is for us to close then
    })
    client.once('close', () => this.closed())
  }

  private take(packet: Message, acks: DeferredAcks): boolean {
    if (this.stopping) return false
    const now = this.options.now()
    this.rate.count(now)
    const record = this.intake.record(packet, now)
    const ack = ackOf(packet, acks)
    if (ack === null && !this.plain) this.heardPlain()
    if (record !== null) return this.options.batcher.add(this.arrival(record, ack, acks))
    if (ack !== null) acks.skip(ack.packetId, ack.qos)
    return true
  }

  /** Of what comes with QoS 0 no broker keeps anything. */
  private heardPlain(): void {
    const { sessions, source, clientId } = this.options
    this.plain = true
    sessions.heardPlain(source, clientId)
  }

  private arrival(record: Appending, ack: Arrival['ack'], acks: DeferredAcks): Arrival {
    const dropAs = ack === null ? this.droppable(record.name) : null
    return { record, ack, urgent: ack !== null && this.version === '3.1.1' && acks.isAwaited(), dropAs }
  }

  private connected(client: MqttClient, packet: IConnackPacket): void {
    const { source, sessions, clientId } = this.options
    const { held, unkept } = sessions.greeted(source, clientId, packet.sessionPresent)
    this.held = held
    this.unkept = unkept ?? this.unkept
    this.spoke = true
    this.since = this.options.now()
    this.expiry = expiryNote(packet)
    if (this.refused.length < source.topics.length) this.enter('up', null)
    void this.subscribe(client, packet)
    void this.announce(client)
  }

  private async subscribe(client: MqttClient, hello: IConnackPacket): Promise<void> {
    const { source } = this.options
    const answer = await subscribeAll(client, source, hello).catch(() => null) // its end is told by `closed`
    if (answer === null || client !== this.client || !client.connected) return
    const { refused, lowered } = answer
    this.refused = refused
    this.lowered = lowered
    await this.unsubscribe(client)
    const all = refused.length === source.topics.length
    this.enter(all ? 'action needed' : 'up', refused[0]?.error ?? null)
    if (all) this.timer = setTimeout(() => void this.subscribe(client, hello), askAgainMs)
  }

  /** What a person no longer asks for: only now, so that nothing of what stays is ever without a subscription. */
  private async unsubscribe(client: MqttClient): Promise<void> {
    const { source, clientId, sessions } = this.options
    const unwanted = sessions.unwanted(source, clientId)
    if (unwanted.length === 0) return
    try {
      await client.unsubscribeAsync([...unwanted])
      sessions.unsubscribed(source, clientId)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      // it is asked again with the next connection, and what comes by them meanwhile is stored
    }
  }

  private async announce(client: MqttClient): Promise<void> {
    const { source, now } = this.options
    try {
      await announce(client, source, 'online', now())
    } catch (error) {
      if (client !== this.client || !client.connected || source.announce === null) return
      this.enter(this.state, announcementRefused(source.announce.topic, error))
    }
  }

  /** Any packet is an answer. */
  private ping(client: MqttClient): void {
    if (this.checking !== null) return
    const answered = () => this.endCheck()
    client.once('packetreceive', answered)
    this.checking = setTimeout(() => {
      this.failure ??= new Error('it did not answer after this machine had slept')
      client.stream.destroy()
    }, answerMs)
    client.sendPing()
  }

  private endCheck(): void {
    if (this.checking !== null) clearTimeout(this.checking)
    this.checking = null
  }

  private closed(): void {
    const { source, batcher } = this.options
    this.client?.removeAllListeners('connect')
    if (this.acks !== null) batcher.forget(this.acks)
    this.acks = null
    this.client = null
    this.clearTimers()
    if (this.stopping) return
    const held = this.since === null ? null : this.options.now() - this.since
    this.retry.ended(held, this.ending())
    const error = this.endError()
    this.enter(needsAction(error) ? 'action needed' : 'down', error)
    const other = !this.spoke && source.version === 'auto' && isOtherVersion(this.failure)
    if (other) this.version = this.version === '5' ? '3.1.1' : '5'
    this.timer = setTimeout(() => this.connect(), other && this.retry.isFirst ? 0 : this.retry.pause())
  }

  private ending(): Ending {
    if (this.wasTaken) return 'taken'
    return this.failure === null ? 'silent' : 'reason'
  }

  private endError(): FieldError {
    const { source, clientId } = this.options
    if (this.retry.isTaken) return takenError(source.url, clientId, this.wasTaken)
    return brokerError(this.failure ?? new Error('closed'), source.url)
  }

  private clearTimers(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.endCheck()
  }

  private enter(state: SourceRow['state'], error: FieldError | null): void {
    this.state = state
    this.error = error
    if (this.full === null) this.tell(state === 'up' ? 'up' : causeOf(error), error?.message ?? this.note(this.unkept))
    this.options.onChange()
  }

  /** Only a change is a record, so that a broker that is away for a week costs one. */
  private tell(now: GapCause | 'up', detail: string | null): void {
    const refused = now === 'up' ? this.refused.map(({ topic }) => topic) : []
    const told = [now, ...refused, ...(now === 'up' ? this.lowered : [])].join('\n')
    if (this.told === told) return
    this.told = told
    if (now !== 'up') this.tellLeftOut()
    const [event, cause] = now === 'up' ? (['up', null] as const) : (['down', now] as const)
    const more = { refused, ...(now === 'up' ? this.aboutSession() : {}) }
    this.add(event, detail, cause, more)
  }

  private tellLeftOut(): void {
    this.leftOutTold = this.options.now()
    const said = this.intake.toSay()
    if (said !== null) this.add('left out', said.detail, null, said)
  }

  private add(event: LinkEvent, detail: string | null, cause: GapCause | null, more: LinkMore): void {
    const { batcher, now, source } = this.options
    batcher.add({ record: linkRecord(now(), source.name, event, detail, cause, more), ack: null, urgent: true })
  }

  /** What a person must know of the link, with what of it is news. */
  private note(news: string | null): string | null {
    const parts = [sharedNote(this.options.source.topics, this.version), this.expiry, loweredNote(this.lowered), news]
    return parts.filter((part) => part !== null).join('; ') || null
  }

  private aboutSession(): LinkMore {
    const { unkept } = this
    const held = this.held && this.lowered.length === 0
    this.unkept = null
    return { held, ...(unkept === null ? {} : { unkept }) }
  }
}

/** An orderly goodbye, behind all that was sent. mqtt.js would first wait for every answer, and for ever. */
async function leave(client: MqttClient): Promise<void> {
  const gone = Promise.withResolvers<void>()
  client.stream.once('close', gone.resolve)
  const late = setTimeout(gone.resolve, farewellMs)
  if (client.connected) client.stream.end(disconnect)
  else client.stream.destroy()
  await gone.promise
  clearTimeout(late)
  client.end(true)
}

const disconnect = Buffer.of(0xe0, 0) // valid in MQTT 3.1.1 and 5

/** What a link record may say beside its words: see `LogRecord`. */
export interface LinkMore {
  readonly refused?: readonly string[]
  readonly held?: boolean
  readonly unkept?: string
  readonly leftOut?: NotStored['topics']
}

/** A link record: `source` empty is about the whole installation. */
export function linkRecord(
  time: Millis,
  source: string,
  event: LinkEvent,
  detail: string | null,
  cause: GapCause | null = null,
  { refused = [], held = false, unkept, leftOut }: LinkMore = {},
): Arrival['record'] {
  const said = { detail, cause, ...(refused.length > 0 && { refused }), ...(held && { held }), unkept, leftOut }
  return { time, kind: 'link', source, name: event, bytes: Buffer.from(JSON.stringify(said)) }
}

/** A broker that answers with a no is told apart from one that is away: its reason codes are numbers. */
function causeOf(error: FieldError | null): GapCause {
  const reason = (error?.cause as { readonly code?: unknown } | null | undefined)?.code
  const refused = typeof reason === 'number' || ['broker_topic_refused', 'broker_taken'].includes(error?.code ?? '')
  return refused ? 'refused by broker' : 'broker link down'
}

function ackOf(packet: Message, to: DeferredAcks): Arrival['ack'] {
  return packet.qos === 0 ? null : { to, packetId: packet.messageId ?? 0, qos: packet.qos }
}

function needsAction(error: FieldError): boolean {
  return ['broker_login', 'broker_tls', 'broker_topic_refused', 'broker_taken'].includes(error.code)
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
