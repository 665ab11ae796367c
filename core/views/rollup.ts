import type { Statement } from 'better-sqlite3'
import type { Millis, Offset } from '../contract/model.ts'
import {
  addToHour,
  type Bucket,
  emptyHour,
  type Hour,
  hourFrom,
  hourKey,
  hourOf,
  minuteOf,
  putBucket,
  storedHour,
} from './bucket.ts'
import type { Db } from './tables.ts'

// The newest minute of each series and its newest reading, as they lie in a row.
export const nowMinute = 0
const n = 1
const sum = 2
const min = 3
const max = 4
const first = 5
const last = 6
const low = 7
const high = 8
const from = 9
const to = 10
/** The newest reading by event time, and the band that it met. */
export const nowTime = 11
export const nowValue = 12
export const nowLow = 13
export const nowHigh = 14
/** Log time of the newest reading to come, late or not. */
export const nowArrived = 15
/** Readings so far. */
export const nowCount = 16
/** Offset of the newest reading to come. */
export const nowOffset = 17
const nowLength = 18
/** The rows of so many series are stored together, because storing is the dearer the more rows there are. */
const pageSeries = 32
const pageLength = pageSeries * nowLength

/** The page of `now` that holds a series. */
export function pageOf(series: number): number {
  return Math.floor(series / pageSeries)
}

/** The newest minute of a series, from its row. */
export function nowBucket(row: Float64Array): Bucket {
  return {
    minute: row[nowMinute]!,
    n: row[n]!,
    sum: row[sum]!,
    min: row[min]!,
    max: row[max]!,
    first: row[first]!,
    last: row[last]!,
    low: row[low]!,
    high: row[high]!,
    from: row[from]!,
    to: row[to]!,
  }
}

/**
 * Sums readings up by minute. The newest minute of each series is one small row, written at each flush; older minutes
 * are in blobs of an hour, written when one of their minutes is complete. What is stored depends on the readings only,
 * never on when it was flushed.
 */
export class Rollups {
  private readonly selectHour: Statement<[number], { base: number; blob: Uint8Array }>
  private readonly putHour: Statement<[number, number, Uint8Array]>
  private readonly putNow: Statement<[number, Uint8Array]>
  private readonly putLate: Statement<[number, number, number, number]>
  private rows: Float64Array
  /** Pages of which a row changed since the last flush, and the same as a mark each: a set would cost more than the sums. */
  private readonly dirtyPages: number[] = []
  private isDirty: Uint8Array
  private readonly hours = new Map<number, Hour>()
  private readonly dirtyHours = new Set<number>()
  private readonly maxHours: number

  constructor(db: Db, maxHours: number) {
    this.maxHours = maxHours
    this.selectHour = db.prepare('select base, blob from rollup where key = ?')
    this.putHour = db.prepare(
      'insert into rollup(key, base, blob) values (?, ?, ?) on conflict(key) do update set blob = excluded.blob',
    )
    this.putNow = db.prepare(
      'insert into now(page, rows) values (?, ?) on conflict(page) do update set rows = excluded.rows',
    )
    this.putLate = db.prepare('insert or replace into late(series, time, offset, value) values (?, ?, ?, ?)')
    this.rows = loadRows(db)
    this.isDirty = marks(this.rows, new Uint8Array(0))
  }

  add(
    series: number,
    offset: Offset,
    arrived: Millis,
    time: Millis,
    value: number,
    bandLow: number,
    bandHigh: number,
  ): void {
    const at = this.rowOf(series)
    const row = this.rows
    const minute = minuteOf(time)
    if (minute < row[at + nowMinute]!) {
      const base = Math.min(offset, row[at + from]!) // the newest minute may still go into this hour
      addToHour(this.hour(series, minute, base), minute % 60, value, bandLow, bandHigh, offset)
      this.came(series, at, offset, arrived)
      return
    }
    if (minute === row[at + nowMinute]) this.addToMinute(at, value)
    else {
      this.startMinute(series, at, minute, offset, value)
      row[at + low] = bandLow
      row[at + high] = bandHigh
    }
    row[at + last] = value
    row[at + to] = offset
    this.came(series, at, offset, arrived)
    if (time < row[at + nowTime]!) return
    row[at + nowTime] = time
    row[at + nowValue] = value
    row[at + nowLow] = bandLow
    row[at + nowHigh] = bandHigh
  }

  /** Kept apart with its offset, so that an instant before it came can leave it out. */
  addLate(series: number, offset: Offset, arrived: Millis, time: Millis, value: number): void {
    this.putLate.run(series, time, offset, value)
    this.came(series, this.rowOf(series), offset, arrived)
  }

  /** Readings so far. */
  count(series: number): number {
    return this.rows[series * nowLength + nowCount]!
  }

  flush(): void {
    for (const key of this.dirtyHours) this.write(this.hours.get(key)!)
    this.dirtyHours.clear()
    for (const page of this.dirtyPages) {
      this.putNow.run(page, this.pageBytes(page))
      this.isDirty[page] = 0
    }
    this.dirtyPages.length = 0
  }

  private came(series: number, at: number, offset: Offset, arrived: Millis): void {
    this.rows[at + nowArrived] = arrived
    this.rows[at + nowCount] = this.rows[at + nowCount]! + 1
    this.rows[at + nowOffset] = offset
    const page = pageOf(series)
    if (this.isDirty[page] === 1) return
    this.isDirty[page] = 1
    this.dirtyPages.push(page)
  }

  private addToMinute(at: number, value: number): void {
    const row = this.rows
    row[at + n] = row[at + n]! + 1
    row[at + sum] = row[at + sum]! + value
    if (value < row[at + min]!) row[at + min] = value
    if (value > row[at + max]!) row[at + max] = value
  }

  private startMinute(series: number, at: number, minute: number, offset: Offset, value: number): void {
    const row = this.rows
    if (row[at + n]! > 0) this.keepMinute(series, at)
    row[at + nowMinute] = minute
    row[at + n] = 1
    row[at + sum] = row[at + min] = row[at + max] = row[at + first] = value
    row[at + from] = offset
  }

  private keepMinute(series: number, at: number): void {
    const bucket = nowBucket(this.rows.subarray(at, at + nowLength))
    putBucket(this.hour(series, bucket.minute, bucket.from), bucket)
  }

  /** The hour of this minute, to be changed. */
  private hour(series: number, minute: number, base: Offset): Hour {
    const key = hourKey(series, hourOf(minute))
    const hour = this.hours.get(key) ?? this.loadHour(key, base)
    this.hours.delete(key) // newest use last, so that the first is the one to give up
    this.hours.set(key, hour)
    this.dirtyHours.add(key)
    if (this.hours.size > this.maxHours) this.giveUpOldest()
    return hour
  }

  private loadHour(key: number, base: Offset): Hour {
    const row = this.selectHour.get(key)
    return row === undefined ? emptyHour(key, base) : hourFrom(key, row.base, row.blob)
  }

  private giveUpOldest(): void {
    const [key, hour] = this.hours.entries().next().value!
    if (this.dirtyHours.delete(key)) this.write(hour)
    this.hours.delete(key)
  }

  private write(hour: Hour): void {
    this.putHour.run(hour.key, hour.base, storedHour(hour))
  }

  private pageBytes(page: number): Uint8Array {
    return new Uint8Array(this.rows.buffer, page * pageLength * 8, pageLength * 8)
  }

  private rowOf(series: number): number {
    const at = series * nowLength
    if (at >= this.rows.length) this.grow(pageOf(series) + 1)
    return at
  }

  private grow(pages: number): void {
    const rows = emptyRows(Math.max(pages, (this.rows.length / pageLength) * 2))
    rows.set(this.rows)
    this.rows = rows
    this.isDirty = marks(rows, this.isDirty)
  }
}

/** One for each page that `rows` has room for. */
function marks(rows: Float64Array, before: Uint8Array): Uint8Array {
  const all = new Uint8Array(rows.length / pageLength)
  all.set(before)
  return all
}

function emptyRows(pages: number): Float64Array<ArrayBuffer> {
  const rows = new Float64Array(pages * pageLength)
  for (let at = 0; at < rows.length; at += nowLength) {
    rows[at + nowMinute] = rows[at + nowTime] = -Infinity
    rows[at + nowLow] = rows[at + nowHigh] = rows[at + nowValue] = Number.NaN
  }
  return rows
}

function loadRows(db: Db): Float64Array {
  const newest = db.prepare<[], number | null>('select max(page) from now').pluck().get() ?? -1
  const all = emptyRows(Math.max(2, newest + 1))
  for (const { page, rows } of db
    .prepare<[], { page: number; rows: Uint8Array }>('select page, rows from now')
    .iterate())
    all.set(numbersOf(rows), page * pageLength)
  return all
}

function numbersOf(blob: Uint8Array): Float64Array {
  return new Float64Array(new Uint8Array(blob).buffer) // a copy, because a blob need not be aligned
}

/** The row of a series in its page of `now`; null: it has read nothing. */
export function nowRow(page: Uint8Array, series: number): Float64Array | null {
  const at = (series % pageSeries) * nowLength * 8
  const row = numbersOf(page.subarray(at, at + nowLength * 8))
  return row[nowCount] === 0 ? null : row
}
