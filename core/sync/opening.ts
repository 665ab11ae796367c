import { randomUUID } from 'node:crypto'
import type { Kafka } from 'kafkajs'
import type { SyncDoing } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Offset } from '../contract/model.ts'
import { openAtLeastOnce } from './at-least-once.ts'
import { type ClusterFacts, createTopics, readFacts } from './cluster.ts'
import type { DestinationOptions } from './destination.ts'
import { explain, missingTopics, type Where } from './failures.ts'
import { Login } from './login.ts'
import { checkCopies, checkSameCluster, missingIn } from './preflight.ts'
import type { Progress } from './progress.ts'
import { statusRecord, type Voice } from './record-format.ts'
import { clientOf, type Form, type KafkaRecord, type ProducerName } from './sender.ts'
import { openSession, type Session } from './session.ts'
import { telemetryTopics } from './topics.ts'
import { within } from './wait.ts'
import type { WireMeter } from './wire-meter.ts'

export interface OpeningOptions extends DestinationOptions {
  readonly voice: Voice
  readonly meter: WireMeter
  readonly progress: Progress
  readonly doing: (what: SyncDoing) => void
  readonly signal: AbortSignal
}

/** How a destination reaches its cluster, what it looks at there first, and how it opens a session. */
export class Opening {
  /** Of the newest look; null before the first. */
  facts: ClusterFacts | null = null
  form: Form
  readonly login: Login
  private readonly o: OpeningOptions
  private readonly instance = randomUUID()
  private readonly producer: ProducerName
  /** Of which it was not asked yet whether another installation has taken over. */
  private last: Session | null = null

  constructor(options: OpeningOptions) {
    this.o = options
    const { config, voice, secrets, now } = options
    this.login = new Login(config, secrets, now)
    this.producer = producerName(voice, config.name)
    this.form = { compression: config.compression, partitions: new Map() }
  }

  async client(): Promise<Kafka> {
    const { config, pace, meter, signal } = this.o
    await within('connect', pace.stepMs, signal, this.login.ready(pace.requestMs))
    return clientOf({ destination: config, login: this.login, requestMs: pace.requestMs, meter })
  }

  /** Throws where something must be mended first. */
  async look(kafka: Kafka): Promise<ClusterFacts> {
    const { config, voice, ledger, pace, doing, signal } = this.o
    doing('looking at its topics')
    const asking = readFacts(kafka, voice.topics, ledger.topics(config.name))
    const facts = await within('topics', pace.stepMs, signal, asking)
    this.facts = facts
    this.form = { ...this.form, partitions: new Map(facts.topics) }
    const missing = missingIn(facts, voice.topics, config.filter.alerts)
    if (missing.length > 0 && !config.create.allowed) throw missingTopics(missing, this.where()).error
    if (missing.length > 0) {
      await this.create(kafka)
      return this.look(kafka)
    }
    checkSameCluster(config.name, ledger.session(config.name).cluster, facts)
    checkCopies(facts)
    return facts
  }

  async open(kafka: Kafka, facts: ClusterFacts): Promise<Session> {
    await this.checkAlone() // opening fences whoever sends under our name
    this.last = await this.begin(kafka, facts)
    return this.last
  }

  async createTopics(): Promise<readonly string[]> {
    try {
      return await this.create(await this.client())
    } catch (error) {
      throw explain(error, this.where()).error
    }
  }

  /** Why a session ended: whoever fenced us is asked for by name. */
  async whyEnded(error: unknown): Promise<unknown> {
    if (this.o.signal.aborted || explain(error, this.where()).backoff !== 'fenced') return error
    return this.checkAlone(error).then(
      () => error,
      (found: unknown) => found,
    )
  }

  hasStatusTopic(): boolean {
    return this.facts?.topics.has(this.o.voice.topics.status) === true
  }

  where(): Where {
    const { config, voice } = this.o
    return { destination: config, name: this.producer, topics: voice.topics, principal: this.login.principal() }
  }

  private begin(kafka: Kafka, facts: ClusterFacts): Promise<Session> {
    const { ledger, source, now, config, pace, after, doing, signal } = this.o
    const status = (next: Offset) => this.status(facts, next)
    const asked = { kafka, facts, ledger, now, after, doing, status, instance: this.instance, signal }
    const more = { destination: config.name, name: this.producer, start: source.base(), form: this.form, ...pace }
    const options = { ...asked, ...more }
    return config.delivery === 'at-least-once' ? openAtLeastOnce(options) : openSession(options)
  }

  /** Throws when another installation has taken over since the last session; until that is answered it is asked again. */
  private async checkAlone(cause?: unknown): Promise<void> {
    const isTaken = (await this.last?.takenOver()) === true
    this.last = null // whoever is told of it may take over
    if (!isTaken) return
    throw new FieldError('kafka_fenced', `another installation sends as "${this.producer.transactionalId}"`, {
      hint: 'A copy of this data directory runs elsewhere. Stop it there, or take over here: then that one is stopped at its next try to send.',
      cause,
    })
  }

  private create(kafka: Kafka): Promise<readonly string[]> {
    const { config, voice, pace, signal } = this.o
    return within('create', pace.stepMs, signal, createTopics(kafka, voice.topics, config.create))
  }

  /** Where we stand, for whoever watches many installations, and for us when the cluster forgets the checkpoint. */
  private status({ topics }: ClusterFacts, next: Offset): KafkaRecord | null {
    const { config, now, source, voice, progress } = this.o
    if (!topics.has(voice.topics.status)) return null
    const standing = { destination: config.name, next, head: source.head(), behindMs: progress.behindMs() }
    return statusRecord(voice, standing, now())
  }
}

/** One a destination: two of them may be the same cluster, and must not fence each other. */
function producerName({ installation, topics }: Voice, name: string): ProducerName {
  const id = `${installation}.${encodeURIComponent(name)}`
  return { transactionalId: `edge.${id}`, group: `edge.ckpt.${id}`, topic: telemetryTopics(topics)[0]! }
}
