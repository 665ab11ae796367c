import type { Millis, Offset } from '../contract/model.ts'
import type { Batch, BatchSource } from './batch.ts'
import { CatchUp } from './catch-up.ts'
import { Rate } from './rate.ts'
import { Speed } from './speed.ts'

/** How far a destination is in the log, how fast it goes, and how long the rest takes. */
export class Progress {
  /** Records before hold nothing that was not sent. */
  at: Offset
  private readonly source: BatchSource
  private readonly now: () => Millis
  private readonly rate = new Rate()
  private readonly catchUp = new CatchUp()
  private readonly speed = new Speed()
  /** Asked for far more often than it changes, and each time it is not where the next records are read. */
  private oldest: { readonly at: Offset; readonly time: Millis } | null = null

  constructor(at: Offset, source: BatchSource, now: () => Millis) {
    this.at = at
    this.source = source
    this.now = now
  }

  /** Goes on elsewhere: what was seen of the backlog before does not count. */
  jump(at: Offset): void {
    this.at = at
    this.catchUp.forget()
  }

  sent({ from, to, records }: Pick<Batch, 'from' | 'to' | 'records'>, ms: Millis): void {
    this.rate.add(performance.now(), records)
    this.speed.took(to - from, ms)
  }

  /** Whether it is behind by no more than `liveMs`. */
  isLive(liveMs: Millis): boolean {
    const isLive = this.behindMs() <= liveMs
    if (isLive) this.catchUp.forget()
    else this.catchUp.see(performance.now(), this.waiting())
    return isLive
  }

  /** Age of the oldest record that was not sent. */
  behindMs(): Millis {
    const oldest = this.timeOfOldest()
    return oldest === null ? 0 : Math.max(0, this.now() - oldest)
  }

  waiting(): number {
    return Math.max(0, this.source.head() - this.at)
  }

  perSecond(): number {
    return this.rate.perSecond(performance.now())
  }

  /** Until nothing waits; null: not known yet. */
  catchUpMs(): Millis | null {
    return this.catchUp.left(performance.now(), this.waiting())
  }

  /** For all that waits, from when it goes again; null: not measured yet. */
  thenMs(): Millis | null {
    return this.speed.timeFor(this.waiting())
  }

  private timeOfOldest(): Millis | null {
    const { at } = this
    if (this.oldest?.at === at) return this.oldest.time
    const time = this.source.timeAt(at)
    this.oldest = time === null ? null : { at, time }
    return time
  }
}
