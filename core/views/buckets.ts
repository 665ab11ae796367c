import type { Statement } from 'better-sqlite3'
import type { Millis, Offset } from '../contract/model.ts'
import { type Bucket, getBucket, hourFrom, hourKey, hourOf, minuteMs, minuteOf } from './bucket.ts'
import type { Instant } from './instant.ts'
import type { Raw, RecentReadings } from './recent.ts'
import { nowBucket, nowRow, pageOf } from './rollup.ts'
import type { Db } from './tables.ts'

interface HourRow {
  readonly key: number
  readonly base: number
  readonly blob: Uint8Array
}

interface LateRow {
  readonly time: Millis
  readonly offset: Offset
  readonly value: number
}

/** One-minute sums of a series, as they were at an instant. */
export class Buckets {
  private readonly hours: Statement<[number, number], HourRow>
  private readonly before: Statement<[number, number, number], HourRow>
  private readonly now: Statement<[number], { rows: Uint8Array }>
  private readonly late: Statement<[number, number, number, number], LateRow>
  private readonly lastLate: Statement<[number, number], { offset: number | null }>
  private readonly lateOne: Statement<[number, number, number]>
  private readonly recent: RecentReadings

  constructor(db: Db, recent: RecentReadings) {
    this.recent = recent
    this.hours = db.prepare('select key, base, blob from rollup where key >= ? and key <= ?')
    this.before = db.prepare(
      'select key, base, blob from rollup where key >= ? and key <= ? and base < ? order by key desc limit 200',
    )
    this.now = db.prepare('select rows from now where page = ?')
    this.lateOne = db.prepare('select 1 from late where series = ? and time = ? and offset = ?')
    this.lastLate = db.prepare('select max(offset) as offset from late where series = ? and offset < ?')
    this.late = db.prepare(
      'select time, offset, value from late where series = ? and time >= ? and time < ? and offset < ?',
    )
  }

  /** Buckets of [from, until) in minutes since 1970, in order of time, without empty ones. */
  range(instant: Instant, series: number, from: number, until: number): Bucket[] {
    const found: Bucket[] = []
    for (const row of this.hours.iterate(hourKey(series, hourOf(from)), hourKey(series, hourOf(until - 1))))
      this.takeHour(found, instant, series, row, from, until)
    const now = this.nowRow(series)
    if (now !== null) this.take(found, instant, series, nowBucket(now), from, until)
    return this.withLate(found, instant, series, from, until)
  }

  /** The newest minute of which something was known at the instant, without late readings. */
  newest(instant: Instant, series: number): Bucket | null {
    const now = this.nowRow(series)
    const newest = now === null ? null : this.known(instant, series, nowBucket(now))
    if (newest !== null) return newest
    const end = hourKey(series + 1, 0) - 1
    for (const { key, base, blob } of this.before.iterate(hourKey(series, 0), end, instant.offset)) {
      const hour = hourFrom(key, base, blob)
      for (let slot = 59; slot >= 0; slot--) {
        const bucket = this.known(instant, series, getBucket(hour, slot))
        if (bucket !== null) return bucket
      }
    }
    return null
  }

  /** Offset of the newest late reading. */
  newestLate({ offset }: Instant, series: number): Offset | null {
    return this.lastLate.get(series, offset)?.offset ?? null
  }

  isLate(series: number, { time, offset }: Raw): boolean {
    return this.lateOne.get(series, time, offset) !== undefined
  }

  /** The newest reading as the writer left it. */
  nowRow(series: number): Float64Array | null {
    const page = this.now.get(pageOf(series))
    return page === undefined ? null : nowRow(page.rows, series)
  }

  private takeHour(found: Bucket[], instant: Instant, series: number, row: HourRow, from: number, until: number): void {
    const hour = hourFrom(row.key, row.base, row.blob)
    for (let slot = 0; slot < 60; slot++) this.take(found, instant, series, getBucket(hour, slot), from, until)
  }

  private take(found: Bucket[], instant: Instant, series: number, bucket: Bucket, from: number, until: number): void {
    if (bucket.minute < from || bucket.minute >= until) return
    const known = this.known(instant, series, bucket)
    if (known !== null) found.push(known)
  }

  private known(instant: Instant, series: number, bucket: Bucket): Bucket | null {
    if (bucket.n === 0 || bucket.from >= instant.offset) return null
    return bucket.to < instant.offset ? bucket : this.partOf(instant, series, bucket)
  }

  /** What of a minute was known at the instant, from its records. Its band is that of its first one, which was. */
  private partOf(instant: Instant, series: number, { minute, from, low, high }: Bucket): Bucket | null {
    const raws = this.recent.since(instant, series, from).filter((raw) => minuteOf(raw.time) === minute)
    const lateOnes = new Set(this.lateOf(instant, series, minute, minute + 1).map(({ offset }) => offset))
    const inOrder = raws.filter(({ offset }) => !lateOnes.has(offset))
    return inOrder.length === 0 ? null : { ...sumUp(minute, inOrder), low, high }
  }

  private lateOf(instant: Instant, series: number, from: number, until: number): LateRow[] {
    return this.late.all(series, from * minuteMs, until * minuteMs, instant.offset)
  }

  private withLate(found: Bucket[], instant: Instant, series: number, from: number, until: number): Bucket[] {
    const late = this.lateOf(instant, series, from, until)
    if (late.length === 0) return found
    const byMinute = new Map(found.map((bucket) => [bucket.minute, bucket]))
    for (const one of late) fold(byMinute, minuteOf(one.time), one)
    return [...byMinute.values()].sort((a, b) => a.minute - b.minute)
  }
}

function sumUp(minute: number, raws: readonly Raw[]): Bucket {
  const bucket = single(minute, raws[0]!)
  for (const raw of raws.slice(1)) addTo(bucket, raw)
  return bucket
}

function fold(buckets: Map<number, Bucket>, minute: number, late: LateRow): void {
  const bucket = buckets.get(minute)
  if (bucket === undefined) buckets.set(minute, single(minute, late))
  else addTo(bucket, { ...late, time: Number.NEGATIVE_INFINITY })
}

function single(minute: number, { value, offset }: LateRow): Bucket {
  const band = { low: Number.NaN, high: Number.NaN }
  return {
    minute,
    n: 1,
    sum: value,
    min: value,
    max: value,
    first: value,
    last: value,
    ...band,
    from: offset,
    to: offset,
  }
}

function addTo(bucket: Bucket, { time, value, offset }: LateRow): void {
  bucket.n += 1
  bucket.sum += value
  bucket.min = Math.min(bucket.min, value)
  bucket.max = Math.max(bucket.max, value)
  if (time > Number.NEGATIVE_INFINITY) bucket.last = value // a late reading is not the last of its minute
  bucket.to = Math.max(bucket.to, offset)
}
