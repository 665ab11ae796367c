import type { Millis } from '../contract/model.ts'

/**
 * A bound on bytes a second that is exact over time: what is sent in one go is paid back before the next. Unused time
 * counts for one second at most. Times are of a clock that is never set back.
 */
export class Budget {
  /** Null: no bound. */
  private perSecond: number | null
  /** What may be sent at `at`; below zero it is owed. */
  private balance = 0
  private at: Millis

  constructor(perSecond: number | null, now: Millis) {
    this.perSecond = perSecond
    this.at = now
  }

  /** Counts from now on; what is owed stays owed. */
  change(perSecond: number | null, now: Millis): void {
    this.earn(now)
    this.perSecond = perSecond
  }

  /** Time until something may be sent; 0: now. */
  wait(now: Millis): Millis {
    this.earn(now)
    return this.perSecond === null || this.balance >= 0 ? 0 : Math.ceil((-this.balance / this.perSecond) * 1_000)
  }

  spend(bytes: number, now: Millis): void {
    this.earn(now)
    if (this.perSecond !== null) this.balance -= bytes
  }

  private earn(now: Millis): void {
    const { perSecond } = this
    if (perSecond === null) this.balance = 0
    else this.balance = Math.min(perSecond, this.balance + ((now - this.at) / 1_000) * perSecond)
    this.at = now
  }
}
