import { randomUUID } from 'node:crypto'
import { setImmediate as breath } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import type { DestinationConfig, DestinationRow, SyncDoing, SyncState } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import { openAtLeastOnce } from './at-least-once.ts'
import { type Batch, type BatchOptions, type BatchSource, batchInPieces, nextBatch } from './batch.ts'
import { Budget } from './budget.ts'
import { CatchUp } from './catch-up.ts'
import { type ClusterFacts, createTopics, readFacts } from './cluster.ts'
import { ConditionTelling } from './condition.ts'
import { explain, type Failure, missingTopics, type Where, waitBefore } from './failures.ts'
import { filterOf } from './filter.ts'
import type { Ledger } from './ledger.ts'
import { Login, type Secrets } from './login.ts'
import { type Means, meansOf } from './means.ts'
import { refusesOurClock } from './our-clock.ts'
import {
  checkCopies,
  checkSameCluster,
  checkSameLog,
  expired,
  missingIn,
  morePartitions,
  shortRetention,
  type Warning,
} from './preflight.ts'
import { Quota } from './quota.ts'
import { Rate } from './rate.ts'
import { Reach } from './reach.ts'
import { alertRecords, type Condition, statusRecord, type Voice } from './record-format.ts'
import { freeRoom } from './room.ts'
import { resent } from './send-again.ts'
import { clientOf, type Form, type KafkaRecord, type Origin, type ProducerName, packingOf } from './sender.ts'
import { openSession, type Session } from './session.ts'
import { atOnce, carefully, type Sending } from './set-aside.ts'
import { Speed } from './speed.ts'
import { Suspects } from './suspects.ts'
import { allTopics, type Topics, telemetryTopics, topicsOf } from './topics.ts'
import { Bell, type Step, sleep, within } from './wait.ts'
import { WireMeter } from './wire-meter.ts'

export interface DestinationOptions {
  readonly config: DestinationConfig
  readonly secrets: Secrets
  readonly site: string
  readonly source: BatchSource
  readonly ledger: Ledger
  /** Another one of this installation writes to the same topics, or has. */
  readonly shares: boolean
  readonly now: () => Millis
  /** How this installation is, for its status record. */
  readonly condition: () => Condition
  /** Something that a row shows has changed. */
  readonly onChange: () => void
  readonly pace: Pace
  readonly after?: (step: Step) => void
}

export interface Pace {
  /** Between transactions that are not full. */
  readonly lingerMs: Millis
  readonly statusEveryMs: Millis
  /** A status that says nothing new is written this often, so that a reader can tell an idle installation from a dead one. */
  readonly beatEveryMs: Millis
  /** The checkpoint follows over records that hold nothing to send this often, so that the log may let them go. */
  readonly passEveryMs: Millis
  /** The checkpoint of an idle destination is written again this often; clusters forget it after days. */
  readonly renewEveryMs: Millis
  readonly requestMs: Millis
  readonly stepMs: Millis
  /** The cluster aborts a transaction that is open for longer; so long an abandoned one holds readers back. */
  readonly transactionMs: Millis
}

export const usualPace: Pace = {
  lingerMs: 250,
  statusEveryMs: 10_000,
  beatEveryMs: 60_000,
  passEveryMs: 60_000,
  renewEveryMs: 3_600_000,
  requestMs: 10_000,
  stepMs: 45_000,
  transactionMs: 60_000,
}

/** Behind by less is live. */
const liveMs: Millis = 10_000
const mostRecords = 100_000
/** Without transactions a batch is what may come twice. */
const small = { maxRecords: 1_000, maxBytes: 512 * 1024 }
const minBatchBytes = 4 * 1024
const mayGoEveryMs: Millis = 500
/** What has happened is shown for so long, so that every shift sees it. */
const newsMs: Millis = 24 * 3_600_000

interface Wish {
  readonly of: Origin
  /** What they carry as `edge-resend`. */
  readonly id: string
  readonly granted: PromiseWithResolvers<void>
}

type Trouble = NonNullable<DestinationRow['error']>

/** One loop that brings the log to one cluster: opens a session, sends, and after any error waits and opens another. */
export class Destination {
  readonly name: string
  private readonly o: DestinationOptions
  private readonly instance = randomUUID()
  private readonly producer: ProducerName
  private readonly topics: Topics
  private readonly login: Login
  private readonly voice: Voice
  private readonly condition: ConditionTelling
  private readonly meter = new WireMeter()
  private readonly budget: Budget
  private readonly quota = new Quota()
  private maxBytesPerSecond: number | null
  /** Bytes on the wire that the budget knows of. */
  private spent = 0
  private readonly bell = new Bell()
  private readonly stopping = new AbortController()
  private readonly suspects = new Suspects()
  private readonly rate = new Rate()
  private readonly catchUp = new CatchUp()
  private readonly reach = new Reach()
  private readonly speed = new Speed()
  private readonly running: Promise<void>

  private state: SyncState = 'starting'
  private doing: SyncDoing = 'connecting'
  private delivery: DestinationRow['delivery'] = 'not known yet'
  private paused: boolean
  private trouble: Trouble | null = null
  /** What has happened that a person should know. */
  private warning: Trouble | null = null
  /** The kind of the outage that is listed as going on. */
  private away: string | null = null
  private retryAt: Millis | null = null
  private attempt = 0
  private asked = false
  /** Records before hold nothing that was not sent. */
  private at: Offset
  /** When the checkpoint was written last, by a clock that is never set. */
  private checkpointAt: Millis
  private facts: ClusterFacts | null = null
  private form: Form
  /** Read already, while what is before it was on its way. */
  private ahead: Batch | null = null
  /** Alerts that a person has sent once more, until they are. */
  private readonly wishes: Wish[] = []

  constructor(options: DestinationOptions) {
    this.o = options
    const { config, ledger, site } = options
    this.name = config.name
    this.paused = config.paused
    this.login = new Login(config, options.secrets, options.now)
    this.topics = topicsOf(config, site)
    this.producer = producerName(ledger.identity.installation, config.name, this.topics)
    const destination = options.shares ? config.name : null
    this.voice = { ...ledger.identity, ...formOf(config), destination, site, topics: this.topics }
    const { condition, now, pace } = options
    this.condition = new ConditionTelling({ voice: this.voice, condition, now, everyMs: pace.statusEveryMs })
    this.form = { compression: config.compression, partitions: new Map() }
    this.maxBytesPerSecond = config.maxBytesPerSecond
    this.budget = new Budget(config.maxBytesPerSecond, performance.now())
    ledger.add(config.name, startOf(config.start, options.source), config.start, options.shares)
    this.at = ledger.place(config.name, options.source.base()).acked
    this.checkpointAt = performance.now() - this.checkpointAge()
    this.running = this.run()
  }

  row(): DestinationRow {
    const { source, ledger, config } = this.o
    const { transactions, records, confirmed, maybeTwice, unsent, deadLetters } = ledger.totals(this.name)
    const head = source.head()
    return {
      name: this.name,
      brokers: config.brokers,
      state: this.state,
      doing: this.doing,
      behindMs: this.behindMs(),
      waiting: this.waiting(),
      perSecond: this.rate.perSecond(performance.now()),
      throttled: this.quota.share(this.meter.held(), performance.now()),
      catchUpMs: this.state === 'catching up' ? this.catchUp.left(performance.now(), this.waiting()) : null,
      next: this.at,
      acked: ledger.acked(this.name),
      head,
      began: ledger.began(this.name),
      delivery: this.delivery,
      retryAt: this.retryAt,
      thenMs: this.retryAt === null ? null : this.speed.timeFor(Math.max(0, head - this.at)),
      attempt: this.attempt,
      error: this.trouble ?? this.warned(),
      confirmed: { transactions, records, last: confirmed },
      maybeTwice,
      unsent,
      deadLetters,
      aside: ledger.aside.count(this.name),
      checked: ledger.jobs.checked(this.name),
    }
  }

  /** At the start; a clock that was set back since has not made it young for longer than it may be. */
  private checkpointAge(): Millis {
    const { ledger, now, pace } = this.o
    const age = now() - (ledger.totals(this.name).confirmed ?? 0)
    return Math.max(0, Math.min(age, pace.renewEveryMs))
  }

  /** Age of the oldest record that was not sent. */
  behindMs(): Millis {
    const oldest = this.o.source.timeAt(this.at)
    return oldest === null ? 0 : Math.max(0, this.o.now() - oldest)
  }

  private waiting(): number {
    return Math.max(0, this.o.source.head() - this.at)
  }

  /** There may be more to send. */
  wake(): void {
    if (this.state === 'live' || this.state === 'catching up') this.bell.ring()
  }

  /** Ends the wait, whatever it waits for; also takes over from another installation. */
  retryNow(): void {
    this.asked = true
    this.bell.ring()
  }

  pause(paused: boolean): void {
    this.paused = paused
    this.asked = true
    this.bell.ring()
  }

  /** Bytes a second from now on; null: no bound. */
  limit(maxBytesPerSecond: number | null): void {
    this.maxBytesPerSecond = maxBytesPerSecond
    this.budget.change(maxBytesPerSecond, performance.now())
    this.bell.ring()
  }

  async createTopics(): Promise<readonly string[]> {
    try {
      const created = await this.create(await this.client())
      this.retryNow()
      return created
    } catch (error) {
      throw explain(error, this.where()).error
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    await this.running
  }

  private get signal(): AbortSignal {
    return this.stopping.signal
  }

  private async run(): Promise<void> {
    while (!this.signal.aborted)
      try {
        if (this.paused) await this.rest()
        else await this.life()
      } catch (error) {
        if (!this.signal.aborted) await this.fail(error).catch(() => this.breathe())
      }
    this.enter('stopped', 'stopped')
  }

  /** Stopped while it waited, or the ledger could not take the failure: never spin on it. */
  private async breathe(): Promise<void> {
    await sleep(5_000, this.signal).catch(() => {}) // stopped
  }

  private async rest(): Promise<void> {
    this.trouble = null
    this.retryAt = null
    this.enter('paused', 'paused')
    this.outage('paused', 'paused by a person', this.o.now())
    while (this.paused) await this.bell.wait(3_600_000, this.signal)
    this.recovered()
    this.attempt = 0
    this.enter('starting')
  }

  /** One session, from its opening to its first error. */
  private async life(): Promise<void> {
    const kafka = await this.client()
    const facts = await this.checkCluster(kafka)
    const session = await this.open(kafka, facts)
    this.ahead = null
    this.catchUp.forget()
    try {
      this.warn(morePartitions(this.topics, this.o.ledger.partitions(this.name), facts))
      this.o.ledger.writesTo(this.name, allTopics(this.topics), facts.topics)
      this.delivery = session.delivery
      this.at = session.next
      while (!this.paused) await this.turn(session)
    } catch (error) {
      throw await this.whyEnded(session, error)
    } finally {
      await session.close()
    }
  }

  private async client(): Promise<Kafka> {
    const { config, pace } = this.o
    await within('connect', pace.stepMs, this.signal, this.login.ready(pace.requestMs))
    return clientOf({ destination: config, login: this.login, requestMs: pace.requestMs, meter: this.meter })
  }

  private async checkCluster(kafka: Kafka): Promise<ClusterFacts> {
    this.does('looking at its topics')
    const { create, filter } = this.o.config
    const facts = await this.ask(readFacts(kafka, this.topics, this.o.ledger.topics(this.name)))
    this.facts = facts
    this.form = { ...this.form, partitions: new Map(facts.topics) }
    const missing = missingIn(facts, this.topics, filter.alerts)
    if (missing.length > 0 && !create.allowed) throw missingTopics(missing, this.where()).error
    if (missing.length > 0) {
      await this.create(kafka)
      return this.checkCluster(kafka)
    }
    const { ledger, source } = this.o
    checkSameCluster(this.name, ledger.session(this.name).cluster, facts)
    checkSameLog(this.name, ledger.place(this.name, 0).acked, source.head())
    checkCopies(facts)
    return facts
  }

  private create(kafka: Kafka): Promise<readonly string[]> {
    return within('create', this.o.pace.stepMs, this.signal, createTopics(kafka, this.topics, this.o.config.create))
  }

  private ask<T>(work: Promise<T>): Promise<T> {
    return within('topics', this.o.pace.stepMs, this.signal, work)
  }

  private open(kafka: Kafka, facts: ClusterFacts): Promise<Session> {
    const { ledger, source, now, config, pace, after } = this.o
    const doing = (what: SyncDoing) => this.does(what)
    const status = (next: Offset) => this.status(facts, next)
    const asked = { kafka, facts, ledger, now, after, doing, status, instance: this.instance, signal: this.signal }
    const { form } = this
    const more = { destination: this.name, name: this.producer, start: source.base(), form, ...pace }
    const options = { ...asked, ...more }
    return config.delivery === 'at-least-once' ? openAtLeastOnce(options) : openSession(options)
  }

  /** Sends one batch, or waits for one. */
  private async turn(session: Session): Promise<void> {
    const { source, pace } = this.o
    await this.untilAffordable()
    if (this.paused) return
    await this.grant(session)
    const limit = this.suspects.limit(this.at, source.upto())
    this.skipExpired(session)
    if (this.at >= limit) return this.idle(session)
    const batch = this.batch(this.at, limit, session)
    if (batch.records === 0) await this.pass(session, batch.to)
    else await this.deliver(session, batch)
    if (batch.full || limit < source.upto()) return
    source.rest?.()
    freeRoom()
    this.does('waiting for records')
    await sleep(pace.lingerMs, this.signal)
  }

  /** In this loop's own transactions, so that the newest state of an alert is never overtaken by an older one. */
  private async grant(session: Session): Promise<void> {
    for (let wish = this.wishes.shift(); wish !== undefined; wish = this.wishes.shift())
      try {
        await session.renew(this.at, this.asOfNow(wish))
        wish.granted.resolve()
      } catch (error) {
        wish.granted.reject(error)
        throw error
      }
  }

  /** Its topic holds the newest state of each alert, so it is sent as it is by now. */
  private asOfNow({ of, id }: Wish): readonly KafkaRecord[] {
    const { source, now } = this.o
    const then = source.changes({ from: of.offset, to: of.offset + 1 }).find(({ seq }) => seq === of.index)
    const change = then === undefined ? null : source.newestChange(then.alert.id, this.at)
    if (change === null) return []
    return alertRecords(this.voice, change, now(), false).map((record) => resent(record, id))
  }

  private batch(from: Offset, limit: Offset, session: Session): Batch {
    const { ahead } = this
    this.ahead = null
    if (ahead?.from === from && ahead.to <= limit) return ahead
    return nextBatch(this.building(session, from), from, limit)
  }

  private building({ markedUntil, delivery }: Session, from: Offset): BatchOptions {
    const { source, now } = this.o
    const most = delivery === 'exactly once' ? { maxRecords: mostRecords, maxBytes: Infinity } : small
    const maxBytes = this.batchBytes(Math.min(most.maxBytes, this.reach.bytes))
    const bounds = { markedUntil, maxRecords: most.maxRecords, maxBytes }
    const packing = this.suspects.careful(from) ? {} : { packing: packingOf(this.form) }
    return { source, voice: this.voice, now: now(), ...bounds, ...packing }
  }

  /** While a batch is on its way the next one is made, between the answers of the cluster. */
  private async readAhead({ to, full }: Batch, session: Session): Promise<void> {
    const limit = this.o.source.upto()
    if (!full || to >= limit || this.suspects.careful(to)) return
    const pieces = batchInPieces(this.building(session, to), to, limit)
    for (let piece = pieces.next(); !this.signal.aborted; piece = pieces.next()) {
      if (piece.done) this.ahead = piece.value
      if (piece.done) return
      await breath()
    }
  }

  private async untilAffordable(): Promise<void> {
    for (;;) {
      const wait = this.debt()
      if (wait === 0 || this.paused) return
      this.does('waiting for its share of bandwidth')
      await this.bell.wait(wait, this.signal)
    }
  }

  /** Time until the bandwidth allows more, whoever used it. */
  private debt(): Millis {
    const spent = this.meter.sent()
    this.budget.spend(spent - this.spent, performance.now())
    this.spent = spent
    return this.budget.wait(performance.now())
  }

  /** For what is done beside this loop. */
  means(): Means {
    const { config, source, now } = this.o
    const { voice, topics } = this
    const client = () => this.client()
    const principal = () => this.login.principal()
    return meansOf({ config, voice, topics, source, now, client, principal, maxBytes: this.batchBytes(small.maxBytes) })
  }

  /** Sends an alert that was set aside once more, when it can. Rejects when the cluster would not take it. */
  async alertAgain(of: Origin, id: string, signal: AbortSignal): Promise<void> {
    const granted = Promise.withResolvers<void>()
    const wish = { of, id, granted }
    const stopped = () => granted.reject(new FieldError('stopped', 'sync was stopped'))
    signal.addEventListener('abort', stopped)
    this.wishes.push(wish)
    this.bell.ring()
    try {
      await granted.promise
    } finally {
      signal.removeEventListener('abort', stopped)
      const at = this.wishes.indexOf(wish)
      if (at >= 0) this.wishes.splice(at, 1)
    }
  }

  /** Resolves when it is not paused, and has bandwidth left. */
  async mayGo(signal: AbortSignal): Promise<void> {
    for (let wait = this.debt(); this.paused || wait > 0; wait = this.debt())
      await sleep(Math.max(mayGoEveryMs, wait), signal)
  }

  /** What goes at once is what a second may hold, so that a bound is no burst a minute. */
  private batchBytes(maxBytes: number): number {
    return Math.max(minBatchBytes, Math.min(maxBytes, this.maxBytesPerSecond ?? maxBytes))
  }

  /** Nothing up to `to` is to be sent. The checkpoint follows now and then: a transaction costs more than a look. */
  private async pass(session: Session, to: Offset): Promise<void> {
    this.at = Math.max(this.at, to)
    this.well()
    await this.renewWhenDue(session)
  }

  private async deliver(session: Session, batch: Batch): Promise<void> {
    const sent = [...batch.sent, ...this.news()]
    const began = performance.now()
    const spent = this.meter.sent()
    const delivering = session.deliver({ ...batch, from: session.next, sent }, this.sending(batch))
    const reading = this.readAhead(batch, session).catch(() => {}) // read again when it is its turn, and said then
    const taken = await delivering.catch((error) => this.rejected(batch, error)).finally(() => reading)
    this.suspects.passed(batch.to, taken.letters.length)
    this.at = session.next
    this.checkpointAt = performance.now()
    if (batch.full) this.reach.took(this.checkpointAt - began)
    this.rate.add(this.checkpointAt, batch.records)
    this.speed.took(batch.to - batch.from, Math.max(this.checkpointAt - began, this.shareOf(this.meter.sent() - spent)))
    this.well()
  }

  /** Time that so much takes of a bounded bandwidth. */
  private shareOf(bytes: number): Millis {
    return this.maxBytesPerSecond === null ? 0 : (bytes / this.maxBytesPerSecond) * 1_000
  }

  private sending({ from }: Batch): Sending {
    if (!this.suspects.careful(from)) return atOnce
    const { topics } = this.facts! // a session is open
    return carefully({ voice: this.voice, now: this.o.now(), topics, explain: (error) => explain(error, this.where()) })
  }

  /** What was sent of the batch is aborted with this session; the next one sends it with care. */
  private rejected(batch: Batch, error: unknown): never {
    this.reach.failed()
    const ours = refusesOurClock(error, batch, this.o.now())
    if (ours !== null) throw ours
    const failure = explain(error, this.where())
    if (failure.backoff === 'rejected') this.suspects.rejected(batch, failure.error)
    throw error
  }

  /** Where we stand, for whoever watches many installations, and for us when the cluster forgets the checkpoint. */
  private status({ topics }: ClusterFacts, next: Offset): KafkaRecord | null {
    const { now, source } = this.o
    if (!topics.has(this.topics.status)) return null
    const standing = { destination: this.name, next, head: source.head(), behindMs: this.behindMs() }
    return statusRecord(this.voice, standing, now())
  }

  private async idle(session: Session): Promise<void> {
    this.well()
    await this.renewWhenDue(session)
    this.does('waiting for records')
    const { statusEveryMs } = this.o.pace
    const due = Math.max(0, this.untilDue(session))
    await this.bell.wait(this.hasStatusTopic() ? Math.min(due, statusEveryMs) : due, this.signal)
  }

  /** Also when there is news of this installation, though nothing to send. */
  private async renewWhenDue(session: Session): Promise<void> {
    if (this.untilDue(session) > 0 && !(this.hasStatusTopic() && this.condition.hasNews())) return
    await session.renew(this.at, this.news())
    this.checkpointAt = performance.now()
  }

  private news(): readonly KafkaRecord[] {
    return this.hasStatusTopic() ? this.condition.records() : []
  }

  private hasStatusTopic(): boolean {
    return this.facts?.topics.has(this.topics.status) === true
  }

  private untilDue(session: Session): Millis {
    const { pace } = this.o
    const beats = this.hasStatusTopic() ? [pace.beatEveryMs] : []
    const passes = this.at > session.next ? [pace.passEveryMs] : []
    return this.checkpointAt + Math.min(pace.renewEveryMs, ...beats, ...passes) - performance.now()
  }

  private skipExpired(session: Session): void {
    const base = this.o.source.base()
    if (session.next >= base || this.at >= base) return
    this.warn(expired(session.next, base))
    this.o.ledger.leave(this.name, { from: Math.max(session.next, this.at), to: base }, this.o.now())
    this.at = base
    this.catchUp.forget()
  }

  private warn(warning: Warning | null): void {
    if (warning !== null) this.warning = { ...warning, since: this.o.now(), grant: null }
  }

  /** What is so by now comes before what has happened. */
  private warned(): Trouble | null {
    const { facts, warning } = this
    const now = this.o.now()
    const behindMs = this.behindMs()
    const short = facts === null ? null : shortRetention(this.topics, facts, behindMs)
    if (short !== null) return { ...short, since: now - behindMs + facts!.retentionMs!, grant: null }
    return warning !== null && now < warning.since + newsMs ? warning : null
  }

  private async whyEnded(session: Session, error: unknown): Promise<unknown> {
    if (this.signal.aborted || explain(error, this.where()).backoff !== 'fenced') return error
    if (!(await session.takenOver())) return error
    return new FieldError('kafka_fenced', `another installation sends as "${this.producer.transactionalId}"`, {
      hint: 'A copy of this data directory runs elsewhere. Stop it there, or take over here: then that one is stopped at its next try to send.',
      cause: error,
    })
  }

  /** Shows what went wrong and waits: for a time that is shown, or for a person. */
  private async fail(error: unknown): Promise<void> {
    const failure = explain(error, this.where())
    if (this.paused && this.state !== 'paused') return // it rests now, whatever ended the session
    this.attempt += 1
    const wait = waitBefore(this.attempt, failure.backoff, Math.random())
    const now = this.o.now()
    this.retryAt = wait === null ? null : now + wait
    if (failure.backoff === 'login') this.login.refused()
    this.show(failure, now)
    this.does(wait === null ? 'waiting for a person' : 'waiting for the next try')
    this.asked = false
    if (wait !== 0) await this.untilAsked(wait)
    this.retryAt = null
  }

  private async untilAsked(wait: Millis | null): Promise<void> {
    const until = wait === null ? Number.POSITIVE_INFINITY : performance.now() + wait
    while (!this.asked && performance.now() < until)
      await this.bell.wait(Math.max(0, Math.min(3_600_000, until - performance.now())), this.signal)
  }

  private show({ error, state, backoff, grant }: Failure, now: Millis): void {
    const { code, message, hint } = error
    const since = this.trouble?.code === code ? this.trouble.since : now
    this.trouble = { code, message, hint, since, grant: grant.join('\n') || null }
    this.enter(state)
    if (backoff !== 'rejected') this.outage(code, message, now)
  }

  /** One line as long as its kind stays, though its words may change from try to try. */
  private outage(kind: string, cause: string, now: Millis): void {
    if (this.away === kind) return
    this.o.ledger.outage(this.name, now, cause, { from: this.at, to: this.o.source.head() })
    this.away = kind
  }

  private recovered(): void {
    this.o.ledger.recovered(this.name, this.o.now(), this.o.source.head())
    this.away = null
  }

  private well(): void {
    if (this.trouble !== null || this.state === 'starting') this.recovered()
    this.trouble = null
    this.attempt = 0
    const isLive = this.behindMs() <= liveMs
    if (isLive) this.catchUp.forget()
    else this.catchUp.see(performance.now(), this.waiting())
    this.enter(isLive ? 'live' : 'catching up')
  }

  private enter(state: SyncState, doing: SyncDoing = this.doing): void {
    this.state = state
    this.doing = doing
    this.o.onChange()
  }

  private does(doing: SyncDoing): void {
    this.enter(this.state, doing)
  }

  private where(): Where {
    const { login, producer, topics } = this
    return { destination: this.o.config, name: producer, topics, principal: login.principal() }
  }
}

/** One a destination: two of them may be the same cluster, and must not fence each other. */
function producerName(installation: string, name: string, topics: Topics): ProducerName {
  const id = `${installation}.${encodeURIComponent(name)}`
  return { transactionalId: `edge.${id}`, group: `edge.ckpt.${id}`, topic: telemetryTopics(topics)[0]! }
}

/** How records are made for it. */
export function formOf({ filter, payload, headers }: DestinationConfig) {
  return { filter: filterOf(filter), payload, headers }
}

/** A time that has not come yet is now. */
function startOf(start: string, source: BatchSource): Offset {
  if (start === 'now') return source.head()
  return start === 'beginning' ? source.base() : Math.max(source.base(), source.offsetAt(Date.parse(start)))
}
