import type { Millis } from '../contract/model.ts'
import { Rate } from './rate.ts'

/** How much a quota of the cluster holds us back. It answers late, and says how long it wants to hear nothing. */
export class Quota {
  private readonly held = new Rate()
  private known: Millis = 0

  /** Share of the last minute, from 0 to 1; `held` is the time since the beginning. */
  share(held: Millis, now: Millis): number {
    this.held.add(now, held - this.known)
    this.known = held
    return Math.min(1, this.held.perSecond(now) / 1_000)
  }
}
