import type { Millis, Offset } from '../contract/model.ts'

export const minuteMs: Millis = 60_000
export const hourMs: Millis = 3_600_000
const minutes = 60
/** Of one minute as it is stored: sum f64; n, from, to u32; min, max, first, last, low, high f32. */
const slotBytes = 48

// The numbers of a minute, in steps of eight and of four bytes from where its slot begins.
const sumStep = slotBytes / 8
const step = slotBytes / 4
const n = 2
const from = 3
const to = 4
const min = 5
const max = 6
const first = 7
const last = 8
const low = 9
const high = 10

const farthest = 0xffff_ffff

// The same numbers of the newest minute of a series, as they lie in its row; the last six follow each other as above.
export const newestMinute = 0
export const newestN = 1
export const newestSum = 2
export const newestMin = 3
export const newestMax = 4
export const newestFirst = 5
export const newestLast = 6
export const newestLow = 7
export const newestHigh = 8
export const newestFrom = 9
export const newestTo = 10

/** One hour of one series: 60 one-minute buckets in one piece of a room. */
export interface Hour {
  readonly key: number
  /** Offset of the oldest record in it; buckets count from here. */
  readonly base: Offset
  /** One past the newest minute of it that holds anything. */
  used: number
  /** It holds what was not stored yet. */
  changed: boolean
  readonly room: Room
  /** Its first minute in that room. */
  readonly at: number
}

/** Room for some hours, because a buffer of its own for each would cost more than what is done with it. */
export interface Room {
  readonly bytes: Uint8Array
  readonly f64: Float64Array
  readonly u32: Uint32Array
  readonly f32: Float32Array
}

/** One minute of one series. `from` and `to` are the offsets of the oldest and the newest record in it. */
export interface Bucket {
  minute: number
  n: number
  sum: number
  min: number
  max: number
  first: number
  last: number
  /** The usual band at its first reading, so that it is known of a minute that is not over; NaN: not learned. */
  low: number
  high: number
  from: Offset
  to: Offset
}

const hoursPerSeries = 2 ** 21 // hours since 1970 fit until 2209

/** Rows of a series lie side by side, in order of time, so that a chart is one range of keys. */
export function hourKey(series: number, hour: number): number {
  return series * hoursPerSeries + hour
}

export function hourOfKey(key: number): number {
  return key % hoursPerSeries
}

export function seriesOfKey(key: number): number {
  return Math.floor(key / hoursPerSeries)
}

export function hourOf(minute: number): number {
  return Math.floor(minute / minutes)
}

export function minuteOf(time: Millis): number {
  return Math.floor(time / minuteMs)
}

export function roomFor(hours: number): Room {
  const buffer = new ArrayBuffer(hours * minutes * slotBytes)
  return {
    bytes: new Uint8Array(buffer),
    f64: new Float64Array(buffer),
    u32: new Uint32Array(buffer),
    f32: new Float32Array(buffer),
  }
}

/** The hour number `i` of a room, which must be empty. */
export function emptyHour(key: number, base: Offset, room = roomFor(1), i = 0): Hour {
  return { key, base, used: 0, changed: false, room, at: i * minutes }
}

/** As the views store it: up to its newest minute, because most of what is written again and again is young. */
export function storedHour({ room, at, used }: Hour): Uint8Array {
  return room.bytes.subarray(at * slotBytes, (at + used) * slotBytes)
}

/** Copies: a blob of SQLite need not be aligned. */
export function fillHour(hour: Hour, blob: Uint8Array): Hour {
  hour.room.bytes.set(blob, hour.at * slotBytes)
  hour.used = blob.length / slotBytes
  return hour
}

export function hourFrom(key: number, base: Offset, blob: Uint8Array): Hour {
  return fillHour(emptyHour(key, base), blob)
}

/** Offset of the newest record in it. */
export function newestIn(hour: Hour): Offset {
  let newest = 0
  for (let slot = 0; slot < hour.used; slot++) newest = Math.max(newest, hour.room.u32[(hour.at + slot) * step + to]!)
  return hour.base + newest
}

/** Puts the newest minute of a series, which lies at `at` of a row, into its hour. */
export function putNewest(hour: Hour, row: Float64Array, at: number): void {
  const { u32, f32, f64 } = hour.room
  const slot = row[at + newestMinute]! % minutes
  const put = (hour.at + slot) * step
  f64[(hour.at + slot) * sumStep] = row[at + newestSum]!
  u32[put + n] = row[at + newestN]!
  u32[put + from] = distance(hour, row[at + newestFrom]!)
  u32[put + to] = distance(hour, row[at + newestTo]!)
  for (let i = 0; i < 6; i++) f32[put + min + i] = row[at + newestMin + i]!
  if (slot >= hour.used) hour.used = slot + 1
}

/** A bucket beyond reach of u32 reads as if records of it were still to come, so that it is never shown too early. */
function distance(hour: Hour, offset: Offset): number {
  return Math.min(offset - hour.base, farthest)
}

export function getBucket(hour: Hour, slot: number): Bucket {
  const { base } = hour
  const { u32, f32, f64 } = hour.room
  const at = (hour.at + slot) * step
  return {
    minute: hourOfKey(hour.key) * minutes + slot,
    n: u32[at + n]!,
    sum: f64[(hour.at + slot) * sumStep]!,
    min: f32[at + min]!,
    max: f32[at + max]!,
    first: f32[at + first]!,
    last: f32[at + last]!,
    low: f32[at + low]!,
    high: f32[at + high]!,
    from: base + u32[at + from]!,
    to: far(hour, u32[at + to]!),
  }
}

function far(hour: Hour, steps: number): Offset {
  return steps === farthest ? Number.MAX_SAFE_INTEGER : hour.base + steps
}

/** Adds a reading to a minute that is not the newest of its series. */
export function addToHour(
  hour: Hour,
  slot: number,
  value: number,
  bandLow: number,
  bandHigh: number,
  offset: Offset,
): void {
  const { u32, f32, f64 } = hour.room
  const at = (hour.at + slot) * step
  if (u32[at + n] === 0) {
    u32[at + from] = distance(hour, offset)
    f32[at + first] = f32[at + min] = f32[at + max] = value
    f32[at + low] = bandLow
    f32[at + high] = bandHigh
  } else {
    const rounded = Math.fround(value)
    if (rounded < f32[at + min]!) f32[at + min] = rounded
    if (rounded > f32[at + max]!) f32[at + max] = rounded
  }
  u32[at + n]! += 1
  f64[(hour.at + slot) * sumStep]! += value
  f32[at + last] = value
  u32[at + to] = distance(hour, offset)
  if (slot >= hour.used) hour.used = slot + 1
}
