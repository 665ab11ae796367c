import type { Millis } from '../contract/model.ts'
import { Rate } from './rate.ts'

/** A transaction that a quota held for longer is too large: it must end within its minute, and its watchdog. */
const longMs: Millis = 5_000

/** How much a quota of the cluster holds us back. It answers late, and says how long it wants to hear nothing. */
export class Quota {
  private readonly held = new Rate()
  private known: Millis = 0
  private most = Number.POSITIVE_INFINITY

  /** Share of the last minute, from 0 to 1; `held` is the time since the beginning. */
  share(held: Millis, now: Millis): number {
    this.held.add(now, held - this.known)
    this.known = held
    return Math.min(1, this.held.perSecond(now) / 1_000)
  }

  /** After a transaction of so many bytes, whether it was confirmed or not. */
  heldFor(waited: Millis, bytes: number): void {
    if (waited > longMs) this.most = Math.min(this.most, bytes) / 2
    else if (waited === 0) this.most *= 2
  }

  /** Bytes of a transaction. */
  mostBytes(): number {
    return this.most
  }
}
