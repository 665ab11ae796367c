import { join } from 'node:path'
import type {
  Calls,
  DestinationConfig,
  DestinationRow,
  LedgerRow,
  OffsetSpan,
  Outage,
  SpanBy,
  SpanCount,
  SyncJob,
} from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import type { LogReader } from '../log/reader.ts'
import type { BatchSource } from './batch.ts'
import { Destination } from './destination.ts'
import { Jobs } from './jobs.ts'
import { Ledger } from './ledger.ts'
import { openLogSource } from './log-source.ts'
import { type Pace, usualPace } from './pace.ts'
import type { Condition } from './record-format.ts'
import { count } from './span-count.ts'
import { allTopics, telemetryTopics, topicsOf } from './topics.ts'
import { type Step, sleep } from './wait.ts'

export interface DestinationWithPassword {
  readonly destination: DestinationConfig
  readonly password: string | null
  /** Of its key. */
  readonly passphrase?: string | null
}

export interface ForwardOptions {
  /** state.db lies here. */
  readonly dir: string
  readonly reader: LogReader
  /** Where the log ended when this program took it, before anything was added. */
  readonly head: Offset
  readonly viewsFile: string
  readonly site: string
  readonly destinations: readonly DestinationWithPassword[]
  readonly now: () => Millis
  /** What `rows()` gives has changed; often, so ask when it suits. */
  readonly onStatus: () => void
}

/** For tests: another source of batches, another pace, and a look between the steps. */
export interface ForwardParts {
  readonly source?: BatchSource & { setUpto(upto: Offset): void; close(): void }
  readonly pace?: Partial<Pace>
  readonly after?: (step: Step) => void
}

/** Of this installation, from outside this thread. */
export type Surroundings = Pick<Condition, 'version' | 'sources' | 'runwayDays'>

interface Running {
  readonly made: DestinationWithPassword
  readonly loop: Destination
  readonly shares: boolean
}

const sampleEveryMs: Millis = 10_000
const pruneEverySamples = 360

/** Starts sending to every destination. Nothing passes what the views hold, which `head` tells. */
export function startForward(options: ForwardOptions, parts: ForwardParts = {}): Forward {
  return new Forward(options, parts)
}

export class Forward {
  private readonly o: ForwardOptions
  private readonly parts: ForwardParts
  private readonly source: NonNullable<ForwardParts['source']>
  private readonly ledgerFile: Ledger
  private readonly stopping = new AbortController()
  private readonly jobs: Jobs
  private readonly sampling: Promise<void>
  private destinations = new Map<string, Running>()
  private wanted: readonly DestinationWithPassword[]
  private site: string
  private surroundings: Surroundings = { version: '', sources: [], runwayDays: null }
  private changing: Promise<void> = Promise.resolve()

  constructor(options: ForwardOptions, parts: ForwardParts) {
    this.o = options
    this.parts = parts
    this.site = options.site
    this.source = parts.source ?? openLogSource(options.reader, options.viewsFile)
    this.ledgerFile = new Ledger(join(options.dir, 'state.db'))
    this.ledgerFile.goOn(options.head)
    this.jobs = new Jobs({
      ledger: this.ledgerFile,
      destination: (name) => this.loop(name),
      now: options.now,
      changed: options.onStatus,
      pace: { ...usualPace, ...parts.pace },
    })
    this.wanted = options.destinations
    for (const made of options.destinations) this.add(made)
    this.sampling = this.sample()
  }

  /** Everything before `upto` is in the views. */
  head(upto: Offset): void {
    this.source.setUpto(upto)
    for (const { loop } of this.destinations.values()) loop.wake()
  }

  /** Closes the views; the next look opens them. */
  letGo(): void {
    this.source.rest?.()
  }

  /** What the status of this installation says beside what is known here. */
  around(surroundings: Surroundings): void {
    this.surroundings = surroundings
  }

  /** New ones start, others stop, changed ones start anew; each goes on where its name stood. Resolves when done. */
  update(destinations: readonly DestinationWithPassword[], site: string = this.site): Promise<void> {
    this.changing = this.changing.then(() => this.change(destinations, site))
    return this.changing
  }

  retryNow(name: string): void {
    this.loop(name).retryNow()
  }

  pause(name: string, paused: boolean): void {
    this.loop(name).pause(paused)
  }

  /** Resolves to the topics that were missing and are there now. */
  createTopics(name: string): Promise<readonly string[]> {
    return this.loop(name).createTopics()
  }

  rows(): DestinationRow[] {
    return [...this.destinations.values()].map(({ loop }) => loop.row())
  }

  /** Newest first; `before` is the id of the last row that was seen. */
  ledger({ destination, before, limit }: Calls['ledger']['in']): { rows: LedgerRow[]; more: boolean } {
    return this.ledgerFile.rows(destination, before, Math.min(limit, 1_000))
  }

  lag({ from, until, points }: Calls['lag']['in']): Calls['lag']['out'] {
    const count = Math.max(1, Math.min(points, 5_000))
    return [...this.destinations.keys()].map((destination) => ({
      destination,
      ...this.ledgerFile.lag.worst(destination, from, until, count),
    }))
  }

  outages(): Outage[] {
    return this.ledgerFile.outages.list()
  }

  aside(asked: Calls['sync.aside']['in']): Calls['sync.aside']['out'] {
    return this.ledgerFile.aside.rows(asked, this.source.base())
  }

  count({ destination, span }: Calls['sync.count']['in'], signal: AbortSignal): Promise<SpanCount> {
    const { from, to } = this.sentOf(destination, span)
    return count(this.loop(destination).means(), this.source, { from, to }, signal)
  }

  /** Resolves to the id of the job. */
  sendAgain({ destination, from, to, asideOnly }: Calls['sync.sendAgain']['in']): { readonly id: string } {
    const span = this.sentOf(destination, { by: 'offset', from, to })
    return { id: this.jobs.start({ destination, kind: 'send', asideOnly, ...span }) }
  }

  check({ destination, from, to }: Calls['sync.check']['in']): { readonly id: string } {
    const all = { by: 'offset', from: from ?? 0, to: to ?? Number.MAX_SAFE_INTEGER } as const
    return { id: this.jobs.start({ destination, kind: 'check', asideOnly: false, ...this.sentOf(destination, all) }) }
  }

  cancel(id: string): void {
    this.jobs.cancel(id)
  }

  /** Newest first. */
  jobRows(limit: number): readonly SyncJob[] {
    return this.jobs.rows(limit)
  }

  /** What of a span was sent to the destination, and is in the log still. */
  private sentOf(destination: string, span: SpanBy): OffsetSpan {
    const row = this.loop(destination).row()
    const [from, to] =
      span.by === 'offset' ? [span.from, span.to] : [span.from, span.until].map((at) => this.source.offsetAt(at))
    const first = Math.max(from!, this.source.base(), row.began?.offset ?? 0)
    return { from: first, to: Math.max(first, Math.min(to!, row.acked, row.head)) }
  }

  /** Ends what is under way within some seconds; what was not confirmed is found out at the next start. */
  async stop(): Promise<void> {
    this.stopping.abort()
    await this.changing
    await this.jobs.stop()
    await Promise.all([...this.destinations.values()].map(({ loop }) => loop.stop()))
    await this.sampling
    this.ledgerFile.close()
    this.source.close()
  }

  private async change(destinations: readonly DestinationWithPassword[], site: string): Promise<void> {
    if (this.stopping.signal.aborted) return
    const wanted = new Map(destinations.map((made) => [made.destination.name, made]))
    this.wanted = destinations
    for (const [name, { made, loop, shares }] of this.destinations) {
      const next = wanted.get(name)
      const isSame = next !== undefined && site === this.site && sameBut(made, next)
      if (isSame && shares === this.shares(next.destination)) {
        const { paused, maxBytesPerSecond } = next.destination
        if (made.destination.paused !== paused) loop.pause(paused)
        if (made.destination.maxBytesPerSecond !== maxBytesPerSecond) loop.limit(maxBytesPerSecond)
        this.destinations.set(name, { made: next, loop, shares })
        continue
      }
      await this.jobs.leave(name, next !== undefined)
      await loop.stop()
      this.destinations.delete(name)
      if (next === undefined) this.ledgerFile.outages.close(name, this.o.now(), this.source.head()) // nobody waits for it any more
    }
    this.site = site
    for (const made of destinations) if (!this.destinations.has(made.destination.name)) this.add(made)
    this.o.onStatus()
  }

  private add(made: DestinationWithPassword): void {
    const { now, onStatus } = this.o
    const shares = this.shares(made.destination)
    const loop = new Destination({
      config: made.destination,
      shares,
      secrets: { password: made.password, passphrase: made.passphrase ?? null },
      site: this.site,
      source: this.source,
      ledger: this.ledgerFile,
      now,
      condition: () => this.condition(),
      onChange: onStatus,
      pace: { ...usualPace, ...this.parts.pace },
      ...(this.parts.after === undefined ? {} : { after: this.parts.after }),
    })
    this.destinations.set(made.destination.name, { made, loop, shares })
    this.jobs.resume(made.destination.name)
  }

  /** Whether another one writes to a topic of its readings, or ever has. Of other clusters too: they may be one. */
  private shares(config: DestinationConfig): boolean {
    const topics = telemetryTopics(topicsOf(config, this.site))
    const others = this.wanted.filter(({ destination }) => destination.name !== config.name)
    return (
      others.some(({ destination }) =>
        allTopics(topicsOf(destination, this.site)).some((one) => topics.includes(one)),
      ) || this.ledgerFile.hasOther(config.name, topics)
    )
  }

  /** How this installation is, as far as this thread was told. */
  private condition(): Condition {
    const alerts = this.source.openAlerts()
    return {
      ...this.surroundings,
      base: this.source.base(),
      head: this.source.head(),
      alerts: alerts === null ? null : { critical: alerts[0], warning: alerts[1], advisory: alerts[2] },
      destinations: this.rows().map(({ name, state, next, behindMs, error }) => ({
        name,
        state,
        next,
        behindMs,
        error: error?.message ?? null,
      })),
    }
  }

  private loop(name: string): Destination {
    const found = this.destinations.get(name)
    if (found === undefined)
      throw new FieldError('not_found', `there is no destination "${name}"`, {
        hint: `There is: ${[...this.destinations.keys()].join(', ') || 'none'}.`,
      })
    return found.loop
  }

  private async sample(): Promise<void> {
    for (let samples = 0; !this.stopping.signal.aborted; samples++) {
      const now = this.o.now()
      for (const { loop } of this.destinations.values()) this.ledgerFile.lag.add(loop.name, now, loop.behindMs())
      if (samples % pruneEverySamples === 0) this.ledgerFile.prune(now)
      await sleep(sampleEveryMs, this.stopping.signal).catch(() => {}) // stopped: the loop ends
    }
  }
}

/** Whether they differ in nothing but what is changed while it runs, or looked at elsewhere. */
function sameBut(a: DestinationWithPassword, b: DestinationWithPassword): boolean {
  const key = (made: DestinationWithPassword) =>
    JSON.stringify([
      { ...made.destination, paused: 0, maxBytesPerSecond: 0, start: 0, required: 0 },
      made.password,
      made.passphrase,
    ])
  return key(a) === key(b)
}
