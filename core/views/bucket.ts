import type { Millis, Offset } from '../contract/model.ts'

export const minuteMs: Millis = 60_000
export const hourMs: Millis = 3_600_000
const minutes = 60
/** Of one hour of one series as it is stored. */
export const hourBytes = minutes * (8 + 9 * 4)

// The columns of an hour, each 60 long: sum f64; n, from, to u32; min, max, first, last, low, high f32.
const n = 2 * minutes
const from = n + minutes
const to = from + minutes
const min = to + minutes
const max = min + minutes
const first = max + minutes
const last = first + minutes
const low = last + minutes
const high = low + minutes

const farthest = 0xffff_ffff

/** One hour of one series: 60 one-minute buckets in one buffer, as the views store it. */
export interface Hour {
  readonly key: number
  /** Offset of the oldest record in it; buckets count from here. */
  readonly base: Offset
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

export function hourOf(minute: number): number {
  return Math.floor(minute / minutes)
}

export function minuteOf(time: Millis): number {
  return Math.floor(time / minuteMs)
}

export function emptyHour(key: number, base: Offset): Hour {
  const hour = over(key, base, new ArrayBuffer(hourBytes))
  return hour
}

/** Copies: a blob of SQLite need not be aligned. */
export function hourFrom(key: number, base: Offset, blob: Uint8Array): Hour {
  const hour = emptyHour(key, base)
  hour.bytes.set(blob)
  return hour
}

function over(key: number, base: Offset, buffer: ArrayBuffer): Hour {
  return {
    key,
    base,
    bytes: new Uint8Array(buffer),
    f64: new Float64Array(buffer, 0, minutes),
    u32: new Uint32Array(buffer),
    f32: new Float32Array(buffer),
  }
}

export function countIn(hour: Hour, slot: number): number {
  return hour.u32[n + slot]!
}

export function putBucket(hour: Hour, bucket: Bucket): void {
  const slot = bucket.minute % minutes
  hour.f64[slot] = bucket.sum
  hour.u32[n + slot] = bucket.n
  hour.u32[from + slot] = distance(hour, bucket.from)
  hour.u32[to + slot] = distance(hour, bucket.to)
  hour.f32[min + slot] = bucket.min
  hour.f32[max + slot] = bucket.max
  hour.f32[first + slot] = bucket.first
  hour.f32[last + slot] = bucket.last
  hour.f32[low + slot] = bucket.low
  hour.f32[high + slot] = bucket.high
}

/** A bucket beyond reach of u32 reads as if records of it were still to come, so that it is never shown too early. */
function distance(hour: Hour, offset: Offset): number {
  return Math.min(offset - hour.base, farthest)
}

export function getBucket(hour: Hour, slot: number): Bucket {
  return {
    minute: hourOfKey(hour.key) * minutes + slot,
    n: hour.u32[n + slot]!,
    sum: hour.f64[slot]!,
    min: hour.f32[min + slot]!,
    max: hour.f32[max + slot]!,
    first: hour.f32[first + slot]!,
    last: hour.f32[last + slot]!,
    low: hour.f32[low + slot]!,
    high: hour.f32[high + slot]!,
    from: hour.base + hour.u32[from + slot]!,
    to: far(hour, hour.u32[to + slot]!),
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
  at: Offset,
): void {
  if (countIn(hour, slot) === 0) {
    hour.u32[from + slot] = distance(hour, at)
    hour.f32[first + slot] = hour.f32[min + slot] = hour.f32[max + slot] = value
    hour.f32[low + slot] = bandLow
    hour.f32[high + slot] = bandHigh
  } else {
    const rounded = Math.fround(value)
    if (rounded < hour.f32[min + slot]!) hour.f32[min + slot] = rounded
    if (rounded > hour.f32[max + slot]!) hour.f32[max + slot] = rounded
  }
  hour.u32[n + slot] = countIn(hour, slot) + 1
  hour.f64[slot] = hour.f64[slot]! + value
  hour.f32[last + slot] = value
  hour.u32[to + slot] = distance(hour, at)
}
