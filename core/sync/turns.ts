import type { Millis, Offset } from '../contract/model.ts'
import type { Bandwidth } from './bandwidth.ts'
import type { Batch } from './batch.ts'
import { Batches } from './batches.ts'
import { ConditionTelling } from './condition.ts'
import type { DestinationOptions } from './destination.ts'
import type { Opening } from './opening.ts'
import { asideExpired, expired, morePartitions, onlyInLog } from './preflight.ts'
import type { Progress } from './progress.ts'
import type { Voice } from './record-format.ts'
import { Renewal } from './renewal.ts'
import { freeRoom } from './room.ts'
import type { KafkaRecord } from './sender.ts'
import type { Session } from './session.ts'
import type { State } from './state.ts'
import { allTopics } from './topics.ts'
import { type Bell, sleep } from './wait.ts'
import type { Wishes } from './wishes.ts'

export interface TurnsOptions extends DestinationOptions {
  readonly voice: Voice
  readonly opening: Opening
  readonly bandwidth: Bandwidth
  readonly progress: Progress
  readonly state: State
  readonly wishes: Wishes
  readonly bell: Bell
  readonly paused: () => boolean
  readonly signal: AbortSignal
}

/** What is done with a session, turn by turn, as long as it lasts: a batch is sent, or one is waited for. */
export class Turns {
  private readonly o: TurnsOptions
  private readonly batches: Batches
  private readonly condition: ConditionTelling
  private readonly renewal: Renewal
  /** Where the log began at the last look. */
  private base: Offset = 0

  constructor(options: TurnsOptions) {
    this.o = options
    const { config, ledger, voice, condition, now, pace } = options
    this.batches = new Batches(options)
    this.condition = new ConditionTelling({ voice, condition, now, everyMs: pace.statusEveryMs })
    this.renewal = new Renewal(pace, now() - (ledger.totals(config.name).confirmed ?? 0))
  }

  /** Until it is paused. */
  async take(session: Session): Promise<void> {
    this.batches.forget()
    this.writesTo(this.o.opening.form.partitions)
    this.o.progress.jump(session.next)
    while (!this.o.paused()) await this.turn(session)
  }

  private async turn(session: Session): Promise<void> {
    const { source, pace, progress, state, wishes, signal } = this.o
    await this.untilAffordable()
    if (this.o.paused()) return
    await wishes.grant(progress.at, (records) => session.renew(progress.at, records))
    const limit = this.batches.limit(progress.at)
    this.skipExpired(session)
    if (progress.at >= limit) return this.idle(session)
    const batch = this.batches.next(progress.at, limit, session)
    if (batch.records === 0) await this.pass(session, batch.to)
    else await this.deliver(session, batch)
    if (batch.full || limit < source.upto()) return
    source.rest?.()
    freeRoom()
    state.does('waiting for records')
    await sleep(pace.lingerMs, signal)
  }

  private async untilAffordable(): Promise<void> {
    const { bandwidth, state, bell, paused, signal } = this.o
    for (;;) {
      const wait = bandwidth.debt()
      if (wait === 0 || paused()) return
      state.does('waiting for its share of bandwidth')
      await bell.wait(wait, signal)
    }
  }

  private skipExpired(session: Session): void {
    const { config, source, ledger, progress, state, now } = this.o
    const base = source.base()
    this.letGo(base)
    if (session.next >= base || progress.at >= base) return
    state.warn(expired(session.next, base))
    ledger.leave(config.name, { from: Math.max(session.next, progress.at), to: base }, now())
    progress.jump(base)
  }

  /** What was set aside has gone with the log, unless it is in a dead letter. */
  private letGo(base: Offset): void {
    const { config, ledger, state, now } = this.o
    if (base === this.base) return
    this.base = base
    const lost = ledger.loseAside(config.name, base, now())
    if (lost > 0) state.warn(asideExpired(lost))
  }

  /** Nothing up to `to` is to be sent. The checkpoint follows now and then: a transaction costs more than a look. */
  private async pass(session: Session, to: Offset): Promise<void> {
    const { progress, state } = this.o
    progress.at = Math.max(progress.at, to)
    state.well()
    await this.renewWhenDue(session)
  }

  private async deliver(session: Session, batch: Batch): Promise<void> {
    const { voice, bandwidth, progress, state } = this.o
    const sent = [...batch.sent, ...this.news()]
    const began = performance.now()
    const spent = bandwidth.meter.sent()
    const delivering = session.deliver({ ...batch, from: session.next, sent }, this.batches.sending(batch))
    const reading = this.batches.readAhead(batch, session).catch(() => {}) // read again when it is its turn, and said then
    const taken = await delivering.catch((error) => this.batches.rejected(batch, error)).finally(() => reading)
    const ms = performance.now() - began
    this.batches.taken(taken, ms)
    const unkept = taken.letters.filter(({ kept }) => kept === 'log').length
    this.seeGrowth()
    if (unkept > 0) state.warn(onlyInLog(unkept, voice.topics.deadletter))
    progress.at = session.next
    this.renewal.written()
    progress.sent(batch, Math.max(ms, bandwidth.timeFor(bandwidth.meter.sent() - spent)))
    state.well()
  }

  /** The client asks the cluster for its topics every five minutes, and sends by what it says from then on. */
  private seeGrowth(): void {
    const { voice, config, ledger, opening } = this.o
    const { partitions } = opening.form
    if (morePartitions(voice.topics, ledger.partitions(config.name), partitions) !== null) this.writesTo(partitions)
  }

  private writesTo(partitions: ReadonlyMap<string, number>): void {
    const { voice, config, ledger, state } = this.o
    state.warn(morePartitions(voice.topics, ledger.partitions(config.name), partitions))
    ledger.writesTo(config.name, allTopics(voice.topics), partitions)
  }

  private async idle(session: Session): Promise<void> {
    const { pace, state, bell, signal } = this.o
    state.well()
    await this.renewWhenDue(session)
    state.does('waiting for records')
    const due = Math.max(0, this.dueIn(session))
    await bell.wait(this.tells() ? Math.min(due, pace.statusEveryMs) : due, signal)
  }

  /** Also when there is news of this installation, though nothing to send. */
  private async renewWhenDue(session: Session): Promise<void> {
    if (this.dueIn(session) > 0 && !(this.tells() && this.condition.hasNews())) return
    await session.renew(this.o.progress.at, this.news())
    this.renewal.written()
  }

  private dueIn(session: Session): Millis {
    return this.renewal.dueIn({ tells: this.tells(), passes: this.o.progress.at > session.next })
  }

  private news(): readonly KafkaRecord[] {
    return this.tells() ? this.condition.records() : []
  }

  private tells(): boolean {
    return this.o.opening.hasStatusTopic()
  }
}
