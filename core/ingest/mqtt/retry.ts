import type { Millis } from '../../contract/model.ts'

const firstMs = 500
const longestMs = 30_000
/** A connection that held this long was a good one: the next pause is short again. */
const goodMs = 30_000
/** One that ended sooner was ended by somebody. */
const briefMs = 5_000
const briefInRow = 3
const takenFirstMs = 60_000
const takenLongestMs = 900_000

/** The broker said that another program took over, it closed without a word, or there was a reason. */
export type Ending = 'taken' | 'silent' | 'reason'

/**
 * When to try again, so that neither a broker that is away nor one that throws us out is stormed: pauses double up to
 * 30 s, and each is drawn from the upper half, so that many recorders do not come back at the same moment. Who took our
 * client id keeps it: we come back after a minute, then after two, at last every quarter of an hour.
 */
export class Retry {
  /** Another program uses our client id: the broker says so, or ends each connection right after it was made. */
  isTaken = false
  private readonly random: () => number
  private failures = 0
  private brief = 0
  private taken = 0

  constructor(random: () => number = Math.random) {
    this.random = random
  }

  /** A connection has ended, `heldMs` after the broker had taken it; null: it never did. */
  ended(heldMs: Millis | null, how: Ending): void {
    if (heldMs !== null && heldMs >= goodMs) this.failures = 0
    if (heldMs !== null && heldMs >= takenLongestMs) this.taken = 0
    this.failures++
    this.brief = how === 'silent' && heldMs !== null && heldMs < briefMs ? this.brief + 1 : 0
    this.isTaken = how === 'taken' || this.brief >= briefInRow
    if (this.isTaken) this.taken++
  }

  /** Only one has ended since the last good connection. */
  get isFirst(): boolean {
    return this.failures === 1
  }

  /** Until the next try. */
  pause(): Millis {
    const longest = this.isTaken
      ? Math.min(takenLongestMs, takenFirstMs * 2 ** Math.min(this.taken - 1, 10))
      : Math.min(longestMs, firstMs * 2 ** Math.min(this.failures - 1, 16))
    return longest * (0.5 + this.random() / 2)
  }
}
