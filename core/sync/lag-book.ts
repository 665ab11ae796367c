import type Database from 'better-sqlite3'
import type { Millis } from '../contract/model.ts'

const keptMs: Millis = 8 * 86_400_000

interface Sample {
  readonly time: Millis
  readonly behind: Millis
}

/** The part of state.db that knows how far a destination was behind, and when. */
export class LagBook {
  private readonly sql: ReturnType<typeof prepare>

  constructor(db: Database.Database) {
    this.sql = prepare(db)
  }

  add(name: string, time: Millis, behindMs: Millis): void {
    this.sql.add.run(name, Math.round(time), Math.round(behindMs))
  }

  /** The worst in each of `points` equal parts of the span; NaN where there is no sample. */
  worst(name: string, from: Millis, until: Millis, points: number): { time: Float64Array; behindMs: Float64Array } {
    const width = (until - from) / points
    const behindMs = new Float64Array(points).fill(Number.NaN)
    for (const { time, behind } of this.sql.of.iterate(name, from, until)) {
      const i = Math.min(points - 1, Math.floor((time - from) / width))
      behindMs[i] = Math.max(behind, behindMs[i]! || 0)
    }
    return { time: Float64Array.from(behindMs, (_, i) => from + i * width), behindMs }
  }

  prune(now: Millis): void {
    this.sql.prune.run(now - keptMs)
  }
}

function prepare(db: Database.Database) {
  return {
    add: db.prepare('insert or replace into lag (destination, time, behind) values (?, ?, ?)'),
    of: db.prepare<[string, Millis, Millis], Sample>(
      'select time, behind from lag where destination = ? and time >= ? and time < ? order by time',
    ),
    prune: db.prepare('delete from lag where time < ?'),
  }
}
