import type { Millis, Offset } from '../contract/model.ts'
import {
  addToHour,
  type Bucket,
  emptyHour,
  fillHour,
  type Hour,
  hourKey,
  hourOf,
  minuteOf,
  newestFirst,
  newestFrom,
  newestHigh,
  newestLast,
  newestLow,
  newestMax,
  newestMin,
  newestMinute,
  newestN,
  newestSum,
  newestTo,
  putNewest,
  type Room,
  roomFor,
  seriesOfKey,
  storedHour,
} from './bucket.ts'
import type { RollupStore } from './rollup-tables.ts'

// The newest minute of each series (bucket.ts) and its newest reading, as they lie in a row.
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
// A reading as it is told.
const toldOffset = 0
const toldArrived = 1
const toldTime = 2
const toldLow = 3
const toldHigh = 4
/** A room for so many is 92 kB. */
const hoursTogether = 32

/** The page of `now` that holds a series. */
export function pageOf(series: number): number {
  return Math.floor(series / pageSeries)
}

/** The newest minute of a series, from its row. */
export function nowBucket(row: Float64Array): Bucket {
  return {
    minute: row[newestMinute]!,
    n: row[newestN]!,
    sum: row[newestSum]!,
    min: row[newestMin]!,
    max: row[newestMax]!,
    first: row[newestFirst]!,
    last: row[newestLast]!,
    low: row[newestLow]!,
    high: row[newestHigh]!,
    from: row[newestFrom]!,
    to: row[newestTo]!,
  }
}

/**
 * Sums readings up by minute. The newest minute of each series is one small row, written at each flush; older minutes
 * are in blobs of an hour, written when one of their minutes is complete. What is stored depends on the readings only,
 * never on when it was flushed.
 */
export class Rollups {
  private readonly store: RollupStore
  private rows: Float64Array
  /** Pages of which a row changed since the last flush, and the same as a mark each: a set would cost more than the sums. */
  private readonly dirtyPages: number[] = []
  private isDirty: Uint8Array
  /** In memory, the one that came in first first. */
  private readonly hours = new Map<number, Hour>()
  /** The one of them that a series was added to last. */
  private readonly newest: (Hour | undefined)[] = []
  private readonly dirtyHours: Hour[] = []
  private readonly maxHours: number
  /** The reading that is told: a double that is handed over by itself costs an object. */
  private readonly told = new Float64Array(5)
  /** Nobody asks what is in it: who writes here has read what was to be fetched. */
  private readonly fetched = new Float64Array(1)
  private room = roomFor(hoursTogether)
  private roomLeft = hoursTogether

  constructor(store: RollupStore, maxHours: number) {
    this.store = store
    this.maxHours = maxHours
    this.rows = loadRows(store)
    this.isDirty = marks(this.rows, new Uint8Array(0))
  }

  /** The record that is told next, and its log time. */
  at(offset: Offset, arrived: Millis): void {
    this.told[toldOffset] = offset
    this.told[toldArrived] = arrived
  }

  /** A reading in order. */
  add(series: number, time: Millis, value: number, bandLow: number, bandHigh: number): void {
    const { told } = this
    told[toldTime] = time
    told[toldLow] = bandLow
    told[toldHigh] = bandHigh
    const at = this.rowOf(series)
    this.mark(series)
    this.put(series, at, minuteOf(time), value)
  }

  /** One of each of the series that follow `first`. No band is known of them. */
  addEach(first: number, values: Float64Array, many: number, time: Millis): void {
    const { told } = this
    told[toldTime] = time
    told[toldLow] = told[toldHigh] = Number.NaN
    const minute = minuteOf(time)
    this.rowOf(first + many - 1)
    for (let i = 0; i < many; i++) {
      this.mark(first + i)
      this.put(first + i, (first + i) * nowLength, minute, values[i]!)
    }
  }

  /** Reads of each line of memory that readings of these series will ask for, so that all come at once. */
  fetch(first: number, n: number): void {
    const { rows } = this
    const end = Math.min((first + n) * nowLength, rows.length)
    let sum = 0
    for (let at = first * nowLength; at < end; at += 8) sum += rows[at]!
    this.fetched[0] = sum
  }

  /** Kept apart with its offset, so that an instant before it came can leave it out. */
  addLate(series: number, time: Millis, value: number): void {
    this.store.putLate(series, time, this.told[toldOffset]!, value)
    came(this.rows, this.rowOf(series), this.told)
    this.mark(series)
  }

  /** Readings so far. */
  count(series: number): number {
    return this.rows[series * nowLength + nowCount]!
  }

  flush(): void {
    for (const hour of this.dirtyHours) this.write(hour)
    this.dirtyHours.length = 0
    for (const page of this.dirtyPages) {
      this.store.putNow(page, this.pageBytes(page))
      this.isDirty[page] = 0
    }
    this.dirtyPages.length = 0
  }

  /** Nearly every reading is one more of the newest minute. */
  private put(series: number, at: number, minute: number, value: number): void {
    const { rows, told } = this
    const newest = rows[at + newestMinute]!
    came(rows, at, told)
    if (minute < newest) {
      this.putOlder(series, at, minute, value)
      return
    }
    if (minute > newest) this.startMinute(series, at, minute, value)
    else addToNewest(rows, at, value)
    standNow(rows, at, value, told)
  }

  private mark(series: number): void {
    const page = pageOf(series)
    if (this.isDirty[page] === 1) return
    this.isDirty[page] = 1
    this.dirtyPages.push(page)
  }

  private putOlder(series: number, at: number, minute: number, value: number): void {
    const { told } = this
    const offset = told[toldOffset]!
    const base = Math.min(offset, this.rows[at + newestFrom]!) // the newest minute may still go into this hour
    const hour = this.hour(series, minute, base)
    addToHour(hour, minute % 60, value, told[toldLow]!, told[toldHigh]!, offset)
  }

  private startMinute(series: number, at: number, minute: number, value: number): void {
    const { rows: row, told } = this
    if (row[at + newestN]! > 0) this.keepMinute(series, at)
    row[at + newestMinute] = minute
    row[at + newestN] = 1
    row[at + newestSum] = row[at + newestMin] = row[at + newestMax] = row[at + newestFirst] = value
    row[at + newestFrom] = told[toldOffset]!
    row[at + newestLow] = told[toldLow]!
    row[at + newestHigh] = told[toldHigh]!
  }

  private keepMinute(series: number, at: number): void {
    const row = this.rows
    putNewest(this.hour(series, row[at + newestMinute]!, row[at + newestFrom]!), row, at)
  }

  /** The hour of this minute, to be changed. */
  private hour(series: number, minute: number, base: Offset): Hour {
    const key = hourKey(series, hourOf(minute))
    let hour = this.newest[series]
    if (hour?.key !== key) hour = this.hours.get(key) ?? this.loadHour(key, base)
    this.newest[series] = hour
    if (!hour.changed) this.dirtyHours.push(hour)
    hour.changed = true
    return hour
  }

  private loadHour(key: number, base: Offset): Hour {
    if (this.hours.size >= this.maxHours) this.giveUpFirst()
    const stored = this.store.hour(key)
    const hour = emptyHour(key, stored?.base ?? base, this.roomForOne(), --this.roomLeft)
    this.hours.set(key, hour)
    return stored === undefined ? hour : fillHour(hour, stored.blob)
  }

  private roomForOne(): Room {
    if (this.roomLeft === 0) {
      this.room = roomFor(hoursTogether)
      this.roomLeft = hoursTogether
    }
    return this.room
  }

  private giveUpFirst(): void {
    const [key, hour] = this.hours.entries().next().value!
    this.write(hour)
    this.hours.delete(key)
    const series = seriesOfKey(key)
    if (this.newest[series] === hour) this.newest[series] = undefined
  }

  /** When it has changed since it was. */
  private write(hour: Hour): void {
    if (hour.changed) this.store.putHour(hour.key, hour.base, storedHour(hour))
    hour.changed = false
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

function came(row: Float64Array, at: number, told: Float64Array): void {
  row[at + nowArrived] = told[toldArrived]!
  row[at + nowCount]! += 1
  row[at + nowOffset] = told[toldOffset]!
}

function addToNewest(row: Float64Array, at: number, value: number): void {
  row[at + newestN]! += 1
  row[at + newestSum]! += value
  if (value < row[at + newestMin]!) row[at + newestMin] = value
  if (value > row[at + newestMax]!) row[at + newestMax] = value
}

/** It is the last of the newest minute, and the newest of all unless one of a later time came before it. */
function standNow(row: Float64Array, at: number, value: number, told: Float64Array): void {
  row[at + newestLast] = value
  row[at + newestTo] = told[toldOffset]!
  if (told[toldTime]! < row[at + nowTime]!) return
  row[at + nowTime] = told[toldTime]!
  row[at + nowValue] = value
  row[at + nowLow] = told[toldLow]!
  row[at + nowHigh] = told[toldHigh]!
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
    rows[at + newestMinute] = rows[at + nowTime] = -Infinity
    rows[at + nowLow] = rows[at + nowHigh] = rows[at + nowValue] = Number.NaN
  }
  return rows
}

function loadRows(store: RollupStore): Float64Array {
  const all = emptyRows(Math.max(2, store.newestPage() + 1))
  for (const { page, rows } of store.pages()) all.set(numbersOf(rows), page * pageLength)
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
