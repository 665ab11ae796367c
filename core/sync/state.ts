import type { DestinationRow, SyncDoing, SyncState } from '../contract/calls.ts'
import type { Millis, Offset } from '../contract/model.ts'
import type { Failure } from './failures.ts'
import type { Ledger } from './ledger.ts'
import type { Warning } from './preflight.ts'
import type { Progress } from './progress.ts'

type Trouble = NonNullable<DestinationRow['error']>

export interface StateOptions {
  readonly name: string
  readonly ledger: Ledger
  readonly progress: Progress
  readonly head: () => Offset
  readonly now: () => Millis
  /** Something of it has changed. */
  readonly onChange: () => void
}

/** Behind by less is live. */
const liveMs: Millis = 10_000
/** What has happened is shown for so long, so that every shift sees it. */
const newsMs: Millis = 24 * 3_600_000

/** The state that a person sees of a destination, why it is so, and the outages that are listed of it. */
export class State {
  is: SyncState = 'starting'
  doing: SyncDoing = 'connecting'
  retryAt: Millis | null = null
  attempt = 0
  private readonly o: StateOptions
  private trouble: Trouble | null = null
  /** What has happened that a person should know. */
  private warning: Trouble | null = null
  /** The kind of the outage that is listed as going on. */
  private away: string | null = null

  constructor(options: StateOptions) {
    this.o = options
  }

  enter(state: SyncState, doing: SyncDoing = this.doing): void {
    this.is = state
    this.doing = doing
    this.o.onChange()
  }

  does(doing: SyncDoing): void {
    this.enter(this.is, doing)
  }

  /** The cluster took something, or nothing is to be sent. */
  well(): void {
    if (this.trouble !== null || this.is === 'starting') this.recovered()
    this.trouble = null
    this.attempt = 0
    this.enter(this.o.progress.isLive(liveMs) ? 'live' : 'catching up')
  }

  /** `wait` until the next try; null: for a person. */
  failed({ error, state, backoff, grant }: Failure, wait: Millis | null): void {
    const { code, message, hint } = error
    const now = this.o.now()
    this.retryAt = wait === null ? null : now + wait
    const since = this.trouble?.code === code ? this.trouble.since : now
    this.trouble = { code, message, hint, since, grant: grant.join('\n') || null }
    this.enter(state)
    if (backoff !== 'rejected') this.outage(code, message)
    this.does(wait === null ? 'waiting for a person' : 'waiting for the next try')
  }

  pauses(): void {
    this.trouble = null
    this.retryAt = null
    this.enter('paused', 'paused')
    this.outage('paused', 'paused by a person')
  }

  resumes(): void {
    this.recovered()
    this.attempt = 0
    this.enter('starting')
  }

  warn(warning: Warning | null): void {
    if (warning !== null) this.warning = { ...warning, since: this.o.now(), grant: null }
  }

  /** What stops it; else `standing`, which is so by now; else what has happened. */
  error(standing: Trouble | null): Trouble | null {
    const { trouble, warning } = this
    if (trouble !== null || standing !== null) return trouble ?? standing
    return warning !== null && this.o.now() < warning.since + newsMs ? warning : null
  }

  /** One line as long as its kind stays, though its words may change from try to try. */
  private outage(kind: string, cause: string): void {
    if (this.away === kind) return
    const { name, ledger, progress, head, now } = this.o
    ledger.outages.open(name, now(), cause, { from: progress.at, to: head() })
    this.away = kind
  }

  private recovered(): void {
    const { name, ledger, head, now } = this.o
    ledger.outages.close(name, now(), head())
    this.away = null
  }
}
