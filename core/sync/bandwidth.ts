import type { Millis } from '../contract/model.ts'
import { Budget } from './budget.ts'
import { Quota } from './quota.ts'
import { WireMeter } from './wire-meter.ts'

const minBatchBytes = 4 * 1024

/** What a destination may send, and what goes out on its connections, whoever uses them. */
export class Bandwidth {
  readonly meter = new WireMeter()
  private readonly budget: Budget
  private readonly quota = new Quota()
  private maxBytesPerSecond: number | null
  /** Bytes on the wire that the budget knows of. */
  private spent = 0

  /** Null: no bound. */
  constructor(maxBytesPerSecond: number | null) {
    this.maxBytesPerSecond = maxBytesPerSecond
    this.budget = new Budget(maxBytesPerSecond, performance.now())
  }

  /** From now on. */
  limit(maxBytesPerSecond: number | null): void {
    this.maxBytesPerSecond = maxBytesPerSecond
    this.budget.change(maxBytesPerSecond, performance.now())
  }

  /** Time until more may be sent. */
  debt(): Millis {
    const spent = this.meter.sent()
    this.budget.spend(spent - this.spent, performance.now())
    this.spent = spent
    return this.budget.wait(performance.now())
  }

  /** What goes at once is what a second may hold, so that a bound is no burst a minute. */
  atOnce(maxBytes: number): number {
    return Math.max(minBatchBytes, Math.min(maxBytes, this.maxBytesPerSecond ?? maxBytes))
  }

  /** That so much takes at least. */
  timeFor(bytes: number): Millis {
    return this.maxBytesPerSecond === null ? 0 : (bytes / this.maxBytesPerSecond) * 1_000
  }

  /** By a quota of the cluster, as a share of the last minute. */
  throttled(): number {
    return this.quota.share(this.meter.held(), performance.now())
  }
}
