import type { DestinationConfig, DestinationRow } from '../contract/calls.ts'
import type { Millis, Offset } from '../contract/model.ts'
import { Bandwidth } from './bandwidth.ts'
import type { BatchSource } from './batch.ts'
import { small } from './batches.ts'
import { explain, waitBefore } from './failures.ts'
import { filterOf } from './filter.ts'
import type { Ledger } from './ledger.ts'
import type { Secrets } from './login.ts'
import { type Means, meansOf } from './means.ts'
import { Opening } from './opening.ts'
import type { Pace } from './pace.ts'
import { copied, shortRetention } from './preflight.ts'
import { Progress } from './progress.ts'
import type { Condition, Voice } from './record-format.ts'
import type { Origin } from './sender.ts'
import { State } from './state.ts'
import { topicsOf } from './topics.ts'
import { Turns } from './turns.ts'
import { Bell, type Step, sleep } from './wait.ts'
import { Wishes } from './wishes.ts'

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

const mayGoEveryMs: Millis = 500

/** One loop that brings the log to one cluster: opens a session, sends, and after any error waits and opens another. */
export class Destination {
  readonly name: string
  private readonly o: DestinationOptions
  private readonly voice: Voice
  private readonly bell = new Bell()
  private readonly stopping = new AbortController()
  private readonly bandwidth: Bandwidth
  private readonly progress: Progress
  private readonly state: State
  private readonly opening: Opening
  private readonly wishes: Wishes
  private readonly turns: Turns
  private readonly running: Promise<void>
  private delivery: DestinationRow['delivery'] = 'not known yet'
  private paused: boolean
  private asked = false

  constructor(options: DestinationOptions) {
    this.o = options
    const { config, ledger, source, now, onChange } = options
    const { name } = config
    this.name = name
    this.paused = config.paused
    this.voice = voiceOf(options)
    ledger.add(name, startOf(config.start, source), config.start, options.shares)
    this.bandwidth = new Bandwidth(config.maxBytesPerSecond)
    this.progress = new Progress(ledger.place(name, source.base()).acked, source, now)
    this.state = new State({ name, ledger, progress: this.progress, head: () => source.head(), now, onChange })
    const { voice, bell, bandwidth, progress, state, signal } = this
    const all = { ...options, voice, progress, signal }
    this.opening = new Opening({ ...all, meter: bandwidth.meter, doing: (what) => state.does(what) })
    this.wishes = new Wishes({ source, voice, now })
    const { opening, wishes } = this
    this.turns = new Turns({ ...all, opening, bandwidth, state, wishes, bell, paused: () => this.paused })
    this.running = this.run()
  }

  row(): DestinationRow {
    const { source, ledger, config } = this.o
    const { progress, state, name } = this
    const { transactions, records, confirmed, maybeTwice, unsent, deadLetters } = ledger.totals(name)
    return {
      name,
      brokers: config.brokers,
      state: state.is,
      doing: state.doing,
      behindMs: progress.behindMs(),
      waiting: progress.waiting(),
      perSecond: progress.perSecond(),
      throttled: this.bandwidth.throttled(),
      catchUpMs: state.is === 'catching up' ? progress.catchUpMs() : null,
      next: progress.at,
      acked: ledger.acked(name),
      head: source.head(),
      began: ledger.began(name),
      delivery: this.delivery,
      retryAt: state.retryAt,
      thenMs: state.retryAt === null ? null : progress.thenMs(),
      attempt: state.attempt,
      error: state.error(this.keptTooShort()),
      confirmed: { transactions, records, last: confirmed },
      maybeTwice,
      unsent,
      deadLetters,
      aside: ledger.aside.count(name),
      checked: ledger.jobs.checked(name),
    }
  }

  /** Age of the oldest record that was not sent. */
  behindMs(): Millis {
    return this.progress.behindMs()
  }

  /** There may be more to send. */
  wake(): void {
    if (this.state.is === 'live' || this.state.is === 'catching up') this.bell.ring()
  }

  /** Ends the wait, whatever it waits for; also takes over from another installation. */
  retryNow(): void {
    this.asked = true
    this.bell.ring()
  }

  pause(paused: boolean): void {
    this.paused = paused
    this.retryNow()
  }

  /** Bytes a second from now on; null: no bound. */
  limit(maxBytesPerSecond: number | null): void {
    this.bandwidth.limit(maxBytesPerSecond)
    this.bell.ring()
  }

  async createTopics(): Promise<readonly string[]> {
    const created = await this.opening.createTopics()
    this.retryNow()
    return created
  }

  /** For what is done beside this loop. */
  means(): Means {
    const { config, source, now } = this.o
    const { voice, opening, bandwidth } = this
    const client = () => opening.client()
    const principal = () => opening.login.principal()
    const maxBytes = bandwidth.atOnce(small.maxBytes)
    return meansOf({ config, voice, topics: voice.topics, source, now, client, principal, maxBytes })
  }

  /** Sends an alert that was set aside once more, when it can. Rejects when the cluster would not take it. */
  alertAgain(of: Origin, id: string, signal: AbortSignal): Promise<void> {
    const sent = this.wishes.ask(of, id, signal)
    this.bell.ring()
    return sent
  }

  /** Resolves when it is not paused, and has bandwidth left. */
  async mayGo(signal: AbortSignal): Promise<void> {
    for (let wait = this.bandwidth.debt(); this.paused || wait > 0; wait = this.bandwidth.debt())
      await sleep(Math.max(mayGoEveryMs, wait), signal)
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
    this.state.enter('stopped', 'stopped')
  }

  /** Stopped while it waited, or the ledger could not take the failure: never spin on it. */
  private async breathe(): Promise<void> {
    await sleep(5_000, this.signal).catch(() => {}) // stopped
  }

  private async rest(): Promise<void> {
    this.state.pauses()
    while (this.paused) await this.bell.wait(3_600_000, this.signal)
    this.state.resumes()
  }

  /** One session, from its opening to its first error. */
  private async life(): Promise<void> {
    const { opening, voice, state, name } = this
    const { ledger, source } = this.o
    const { shared } = ledger.place(name, source.base())
    const kafka = await opening.client()
    const facts = await opening.look(kafka)
    const session = await opening.open(kafka, facts)
    try {
      if (shared !== null) state.warn(copied(shared, voice.source))
      this.delivery = session.delivery
      await this.turns.take(session)
    } catch (error) {
      throw await opening.whyEnded(error)
    } finally {
      await session.close()
    }
  }

  /** Shows what went wrong and waits: for a time that is shown, or for a person. */
  private async fail(error: unknown): Promise<void> {
    const { state, opening } = this
    const failure = explain(error, opening.where())
    if (this.paused && state.is !== 'paused') return // it rests now, whatever ended the session
    state.attempt += 1
    const wait = waitBefore(state.attempt, failure.backoff, Math.random())
    if (failure.backoff === 'login') opening.login.refused()
    state.failed(failure, wait)
    this.asked = false
    if (wait !== 0) await this.untilAsked(wait)
    state.retryAt = null
  }

  private async untilAsked(wait: Millis | null): Promise<void> {
    const until = wait === null ? Number.POSITIVE_INFINITY : performance.now() + wait
    while (!this.asked && performance.now() < until)
      await this.bell.wait(Math.max(0, Math.min(3_600_000, until - performance.now())), this.signal)
  }

  private keptTooShort(): DestinationRow['error'] {
    const { facts } = this.opening
    const behindMs = this.progress.behindMs()
    const short = facts === null ? null : shortRetention(this.voice.topics, facts, behindMs)
    return short === null ? null : { ...short, since: this.o.now() - behindMs + facts!.retentionMs!, grant: null }
  }
}

function voiceOf({ config, ledger, site, shares }: DestinationOptions): Voice {
  const destination = shares ? config.name : null
  return { ...ledger.identity, ...formOf(config), destination, site, topics: topicsOf(config, site) }
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
