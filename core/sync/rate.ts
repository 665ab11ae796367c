import type { Millis } from '../contract/model.ts'

const windowMs: Millis = 60_000
const slots = 60

/** Records a second over the last minute, kept in one slot a second. */
export class Rate {
  private readonly counts = new Float64Array(slots)
  private readonly seconds = new Float64Array(slots)
  private first: Millis | null = null

  add(now: Millis, records: number): void {
    const second = Math.floor(now / 1_000)
    const slot = second % slots
    if (this.seconds[slot] !== second) this.counts[slot] = 0
    this.seconds[slot] = second
    this.counts[slot]! += records
    this.first ??= now
  }

  perSecond(now: Millis): number {
    if (this.first === null) return 0
    const oldest = Math.floor((now - windowMs) / 1_000)
    const sum = this.counts.reduce((total, count, i) => total + (this.seconds[i]! > oldest ? count : 0), 0)
    return sum / (Math.min(windowMs, Math.max(1_000, now - this.first)) / 1_000)
  }
}
