import type { Millis } from '../contract/model.ts'

/** How fast the log goes out when much of it waits. */
export class Speed {
  private newest: { readonly records: number; readonly ms: Millis } | null = null

  /** A transaction over so many records of the log. Small ones cost as much time as large ones, so they say less. */
  took(records: number, ms: Millis): void {
    if (this.newest === null || records >= this.newest.records / 2) this.newest = { records, ms: Math.max(1, ms) }
  }

  /** For so many, beside what comes meanwhile; null: not measured yet. */
  timeFor(records: number): Millis | null {
    return this.newest === null || this.newest.records === 0 ? null : (records / this.newest.records) * this.newest.ms
  }
}
