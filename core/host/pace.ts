import type { Millis } from '../contract/model.ts'

const span: Millis = 6 * 3_600_000
const step: Millis = 60_000
/** A shorter look says little about a day. */
const shortest: Millis = 600_000
const day: Millis = 86_400_000

/** How fast a total grows, over the last six hours. */
export class Pace {
  private marks: { readonly time: Millis; readonly total: number }[] = []

  add(time: Millis, total: number): void {
    const last = this.marks.at(-1)
    if (last !== undefined && (time < last.time || total < last.total)) this.marks = [] // the clock or the count began anew
    if (last === undefined || time >= last.time + step || this.marks.length === 0) this.marks.push({ time, total })
    if (time - this.marks[0]!.time > span) this.marks.shift()
  }

  /** Null: it was looked at for less than ten minutes. */
  perDay(time: Millis, total: number): number | null {
    const first = this.marks[0]
    if (first === undefined || time - first.time < shortest) return null
    return ((total - first.total) / (time - first.time)) * day
  }
}
