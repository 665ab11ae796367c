import { timingSafeEqual } from 'node:crypto'
import type { AedesOptions, AuthenticateError, Client, PublishPacket } from 'aedes'
import { brokerSource } from '../../config/settings.ts'
import type { BrokerConfig, SourceRow } from '../../contract/calls.ts'
import { FieldError } from '../../contract/errors.ts'
import type { GapCause, Millis } from '../../contract/model.ts'
import type { Appending } from '../../log/log.ts'
import { type Batcher, Rate } from '../batcher.ts'
import { type Ended, endedWords, linkRecord } from '../mqtt/source.ts'
import { type Broker, startBroker } from './broker.ts'
import { Held } from './held.ts'

export interface BrokerSourceOptions {
  readonly config: BrokerConfig
  readonly password: string | null
  readonly batcher: Batcher
  readonly now: () => Millis
  /** The row changed. */
  readonly onChange: () => void
}

/** A device that hears nothing for longer takes us for dead by itself, with what it has to send still in its hands. */
const mostHeldMs = 30_000
const beatMs = 1_000
const listenAgainMs = 30_000
/** Beyond this many topics nothing is kept for who subscribes later. */
const mostRetained = 10_000

/**
 * The broker inside, as a source of the log: a device hears that its message has arrived when it is in the log. What
 * devices publish goes to subscribers too; for one that is away nothing is kept.
 */
export class BrokerSource {
  private readonly options: BrokerSourceOptions
  private readonly rate: Rate
  private readonly held = new Held()
  private readonly retained = new Set<string>()
  /** QoS 0 that came while the queue was full: its device sends no more meanwhile. */
  private waiting: (() => void)[] = []
  private readonly beat: NodeJS.Timeout
  private timer: NodeJS.Timeout | null = null
  private broker: Broker | null = null
  private starting: Promise<void>
  private stopping = false
  private state: SourceRow['state'] = 'connecting'
  private error: FieldError | null = null
  private full: FieldError | null = null
  private sentAway = 0
  /** As the log knows it. */
  private told: GapCause | 'up' | null = null

  constructor(options: BrokerSourceOptions) {
    this.options = options
    this.rate = new Rate(options.now)
    this.starting = this.start()
    this.beat = setInterval(() => this.sendAway(), beatMs)
  }

  row(): Omit<SourceRow, 'queue' | 'dropped'> {
    const { host, port } = this.options.config
    const { error, state, broker } = this
    return {
      name: brokerSource,
      url: broker?.url ?? `mqtt://${host}:${port}`,
      state,
      version: '3.1.1',
      perSecond: state === 'up' ? Math.round(this.rate.perSecond() * 10) / 10 : 0,
      error: error === null ? null : { code: error.code, message: error.message, hint: error.hint },
      refusedTopics: [],
      leftOut: { excluded: 0, retainedAgain: 0 },
      note: this.note(),
    }
  }

  hold(full: FieldError | null): void {
    this.full = full
    if (full !== null) this.tell('disk full', `${full.code}: ${full.message}`)
    else this.enter(this.state, this.error)
  }

  /** There is room for what waited. */
  resume(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const go of waiting) go()
  }

  /** The devices find out by themselves whether we are still there. */
  check(): void {}

  /** Takes no more messages. */
  pause(): void {
    this.stopping = true
    clearInterval(this.beat)
    if (this.timer !== null) clearTimeout(this.timer)
  }

  async close(why: Ended): Promise<void> {
    this.pause()
    await this.starting
    await this.broker?.stop()
    this.tell(why, endedWords[why])
  }

  private async start(): Promise<void> {
    const { host, port } = this.options.config
    try {
      this.refuseWithoutPassword()
      this.broker = await startBroker({ host, port, rules: this.rules() })
      this.enter('up', null)
    } catch (error) {
      if (!(error instanceof FieldError)) throw error
      this.enter('action needed', error)
      this.timer = setTimeout(() => this.startAgain(), listenAgainMs)
    }
  }

  private startAgain(): void {
    this.starting = this.start()
  }

  private refuseWithoutPassword(): void {
    const { config, password } = this.options
    if (config.username === null || password !== null) return
    throw new FieldError('bad_input', `the built-in broker has no password for its user "${config.username}"`, {
      hint: 'enter one in Connect, or give it as FIELDWATCH_BROKER_PASSWORD',
      path: 'broker.username',
    })
  }

  private rules(): NonNullable<AedesOptions> {
    return {
      authenticate: (_client, username, password, done) => {
        if (this.mayEnter(username, password)) done(null, true)
        else done(Object.assign(new Error('wrong user or password'), { returnCode: 4 }) as AuthenticateError, null)
      },
      authorizePublish: (client, packet, done) => this.take(client, packet, done),
      // Who wants its messages kept while it is away is told no: that queue would have no bound.
      authorizeSubscribe: (client, subscription, done) => done(null, client.clean ? subscription : null),
    }
  }

  private mayEnter(username: string | undefined, password: Buffer | undefined): boolean {
    const { config, password: right } = this.options
    if (config.username === null) return true
    return username === config.username && isSame(password ?? Buffer.alloc(0), Buffer.from(right ?? ''))
  }

  private take(client: Client | null, packet: PublishPacket, done: (error?: Error | null) => void): void {
    if (packet.topic.startsWith('$')) done(new Error('topics that begin with $ are not for devices'))
    else if (!this.stopping) this.store(client, packet, done) // else not acknowledged, so it is sent again
  }

  private store(client: Client | null, packet: PublishPacket, done: () => void): void {
    const { batcher, now } = this.options
    this.rate.count()
    this.boundRetained(packet)
    const record = recordOf(packet, now())
    if (packet.qos !== 0) {
      const packetId = this.held.add({ client, since: now(), go: done })
      batcher.add({ record, ack: { to: this.held, packetId, qos: packet.qos }, urgent: false })
    } else if (batcher.add({ record, ack: null, urgent: false })) done()
    else this.waiting.push(done)
  }

  private boundRetained(packet: PublishPacket): void {
    if (!packet.retain) return
    if (this.retained.size < mostRetained) this.retained.add(packet.topic)
    else if (!this.retained.has(packet.topic)) packet.retain = false
  }

  private sendAway(): void {
    const { now } = this.options
    const n = this.held.release(now() - mostHeldMs)
    if (n === 0) return
    this.sentAway += n
    this.options.onChange()
  }

  private note(): string | null {
    if (this.broker === null) return null
    const { clients } = this.broker
    const away = this.sentAway === 0 ? '' : `; ${this.sentAway} sent away, because the disk took nothing for 30 s`
    return `${clients} ${clients === 1 ? 'device' : 'devices'} connected${away}`
  }

  private enter(state: SourceRow['state'], error: FieldError | null): void {
    this.state = state
    this.error = error
    if (this.full === null) this.tell(state === 'up' ? 'up' : 'broker link down', error?.message ?? null)
    this.options.onChange()
  }

  /** Only a change is a record. */
  private tell(now: GapCause | 'up', detail: string | null): void {
    if (this.told === now) return
    this.told = now
    const [event, cause] = now === 'up' ? (['up', null] as const) : (['down', now] as const)
    const record = linkRecord(this.options.now(), brokerSource, event, detail, cause)
    this.options.batcher.add({ record, ack: null, urgent: true })
  }
}

/** A message that a device retains is news: it has just come from the device. */
function recordOf({ topic, payload, qos, dup }: PublishPacket, time: Millis): Appending {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
  return { time, kind: 'message', source: brokerSource, name: topic, qos, retained: false, repeat: dup, bytes }
}

/** In a time that says nothing of where they differ. */
function isSame(given: Buffer, right: Buffer): boolean {
  return given.length === right.length && timingSafeEqual(given, right)
}
