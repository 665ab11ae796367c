import type { Statement } from 'better-sqlite3'
import type { Band, Millis } from '../contract/model.ts'
import { type Bucket, minuteMs, minuteOf } from './bucket.ts'
import type { Buckets } from './buckets.ts'
import type { SeriesEntry } from './catalogue.ts'
import type { Instant } from './instant.ts'
import type { Raw, RecentReadings } from './recent.ts'
import type { Records } from './records.ts'
import { nowArrived, nowCount, nowHigh, nowLow, nowOffset, nowValue } from './rollup.ts'
import type { Db } from './tables.ts'

/** The newest value of a series at an instant. */
export interface Latest {
  readonly value: number | string
  readonly band: Band | null
  /** Log time at which it came. */
  readonly arrived: Millis | null
  /** Readings so far; null when only the newest minutes were looked at. */
  readonly count: number | null
}

export class LatestValues {
  private readonly buckets: Buckets
  private readonly recent: RecentReadings
  private readonly records: Records
  private readonly text: Statement<[number, number], { text: string; arrived: number }>

  constructor(db: Db, buckets: Buckets, recent: RecentReadings, records: Records) {
    this.buckets = buckets
    this.recent = recent
    this.records = records
    this.text = db.prepare(
      'select text, arrived from state_change where series = ? and offset < ? order by time desc, offset desc limit 1',
    )
  }

  /** Null: nothing had come. */
  of(instant: Instant, series: SeriesEntry): Latest | null {
    if (series.first >= instant.offset) return null
    if (series.type === 'text') return this.textOf(instant, series.id)
    const found = this.numberOf(instant, series.id)
    if (found === null || series.type === 'number') return found
    return { ...found, value: found.value === 1 ? 'true' : 'false' }
  }

  /** When anything of a device came last; null: nothing had. */
  heard(instant: Instant, series: readonly SeriesEntry[]): Millis | null {
    let newest = -Infinity
    const older: SeriesEntry[] = []
    for (const one of series) {
      const arrived = this.arrivedLately(instant, one)
      if (arrived === null) older.push(one)
      else newest = Math.max(newest, arrived)
    }
    if (newest < instant.time - minuteMs)
      for (const { id } of older) newest = Math.max(newest, this.arrivedEarlier(instant, id) ?? newest)
    return newest === -Infinity ? null : newest
  }

  /** Null: not since a minute ago, so that it takes longer to find. */
  private arrivedLately(instant: Instant, { id, type }: SeriesEntry): Millis | null {
    if (type === 'text') return this.textOf(instant, id)?.arrived ?? null
    const now = this.buckets.nowRow(id)
    if (now !== null && now[nowOffset]! < instant.offset) return now[nowArrived]!
    return instant.live ? null : (this.recent.at(instant).of(id).at(-1)?.arrived ?? null)
  }

  private arrivedEarlier(instant: Instant, series: number): Millis | null {
    const bucket = this.buckets.newest(instant, series)
    const offset = Math.max(bucket?.to ?? -1, this.buckets.newestLate(instant, series) ?? -1)
    return offset < 0 ? null : this.records.timeAt(offset)
  }

  private textOf(instant: Instant, series: number): Latest | null {
    const row = this.text.get(series, instant.offset)
    return row === undefined ? null : { value: row.text, band: null, arrived: row.arrived, count: null }
  }

  private numberOf(instant: Instant, series: number): Latest | null {
    const now = this.buckets.nowRow(series)
    if (now === null) return null
    if (now[nowOffset]! < instant.offset)
      return {
        value: now[nowValue]!,
        band: bandOf(now[nowLow]!, now[nowHigh]!),
        arrived: now[nowArrived]!,
        count: now[nowCount]!,
      }
    return this.earlier(instant, series)
  }

  private earlier(instant: Instant, series: number): Latest | null {
    const raw = this.newestInOrder(instant, series)
    const bucket = this.buckets.newest(instant, series)
    if (bucket === null)
      return raw === null ? null : { value: raw.value, band: null, arrived: raw.arrived, count: null }
    const latest = this.fromBucket(bucket)
    return raw === null || minuteOf(raw.time) < bucket.minute
      ? latest
      : { ...latest, value: raw.value, arrived: raw.arrived }
  }

  private newestInOrder(instant: Instant, series: number): Raw | null {
    let newest: Raw | null = null
    for (const raw of this.recent.at(instant).of(series))
      if ((newest === null || raw.time >= newest.time) && !this.buckets.isLate(series, raw)) newest = raw
    return newest
  }

  private fromBucket({ last, to, low, high }: Bucket): Latest {
    return { value: shorten(last), band: bandOf(low, high), arrived: this.records.timeAt(to), count: null }
  }
}

export function bandOf(low: number, high: number): Band | null {
  return Number.isNaN(low) || Number.isNaN(high) ? null : { low: shorten(low), high: shorten(high) }
}

/** Roll-ups hold 32-bit floats: seven digits are true. */
function shorten(value: number): number {
  return Number(value.toPrecision(7))
}
