import type { Millis } from '../contract/model.ts'

const windowMs: Millis = 60_000
const enoughMs: Millis = 30_000
const everyMs: Millis = 1_000

interface Backlog {
  readonly time: Millis
  readonly records: number
}

/**
 * The time until nothing waits, by how much less waits than up to a minute before. Records of the log, so that what a
 * filter leaves out counts as what it sends, and what comes meanwhile counts against it.
 */
export class CatchUp {
  /** The first is a minute old, or where this began. */
  private seen: Backlog[] = []

  see(now: Millis, waiting: number): void {
    const newest = this.seen.at(-1)
    if (newest === undefined || now >= newest.time + everyMs) this.seen.push({ time: now, records: waiting })
    while (this.seen.length > 1 && this.seen[1]!.time <= now - windowMs) this.seen.shift()
  }

  /** It stopped, or some of the backlog went without being sent. */
  forget(): void {
    this.seen = []
  }

  /** Null: not known yet, or it does not gain on what comes. */
  left(now: Millis, waiting: number): Millis | null {
    const from = this.seen[0]
    if (from === undefined || now < from.time + enoughMs) return null
    const gained = from.records - waiting
    return gained > 0 ? Math.round((waiting / gained) * (now - from.time)) : null
  }
}
