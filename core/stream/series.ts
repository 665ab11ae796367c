import type { Millis, Offset, Series, SeriesType } from '../contract/model.ts'
import type { Watch } from './alerts.ts'

/** A series as the path holds it: its name, and one row of numbers that every operator has a part of. */
export interface SeriesState {
  readonly series: Series
  /** Index of its device. */
  readonly device: number
  readonly row: Float64Array
  /** Newest text or boolean state; null: none yet, or a number. */
  text: string | null
  /** The rules that look at it. */
  watches: Watch[]
  /** Changed since the last save. */
  dirty: boolean
}

// The row, part by part. Every part begins where the one before ends.
/** Readings learned from, in order. */
export const count = 0
/** Newest event time. */
export const newest = 1
export const lastValue = 2
export const firstOffset = 3
export const lastOffset = 4
/** Usual gap between two readings in event time; NaN until three gaps are known. */
export const every = 5
/** What was last said about the pace. */
export const saidEvery = 6
export const saidSilent = 7
const gaps = 8
const gapRing = 15
const gapsSeen = gaps + gapRing
/** Ring of the newest readings. */
const ring = gapsSeen + 1
export const ringSize = 32
const ringFields = 4
export const kindPart = ring + ringSize * ringFields
export const stuckPart = kindPart + 24
export const relationPart = stuckPart + 4
export const meansPart = relationPart + 8
export const bandPart = meansPart + 24
export const memoryPart = bandPart + 12
export const peakPart = memoryPart + 48
export const seasonPart = peakPart + 112
export const patternPart = seasonPart + 400
const rowLength = patternPart + 280

export function createSeries(series: Series, device: number): SeriesState {
  const row = new Float64Array(rowLength)
  row[newest] = row[every] = row[saidEvery] = row[saidSilent] = Number.NaN
  return { series, device, row, text: null, watches: [], dirty: true }
}

export function seriesKey(device: string, signal: string, type: SeriesType): string {
  return `${device}\u0000${signal}\u0000${type}`
}

/** Learns the pace from the gap before a reading. */
export function learnPace(row: Float64Array, gap: Millis): void {
  row[every] = learnGap(row, gaps, gapsSeen, gap, row[every]!)
}

const sorted = new Float64Array(gapRing)

/** Keeps the newest 15 gaps at `at` and answers their usual size: the median of those that are no hundredth part of a burst. */
export function learnGap(row: Float64Array, at: number, seen: number, gap: Millis, usual: Millis): Millis {
  const n = row[seen]!
  row[at + (n % gapRing)] = gap
  row[seen] = n + 1
  const due = n === 2 || n === 6 || n % gapRing === gapRing - 1
  return due ? medianGap(row, at, Math.min(n + 1, gapRing)) : usual
}

export const gapPart = gapRing + 1

function medianGap(row: Float64Array, at: number, n: number): Millis {
  for (let i = 0; i < n; i++) insert(row[at + i]!, i)
  const least = sorted[n - 1]! / 10
  let from = 0
  while (sorted[from]! < least) from++
  return sorted[from + ((n - 1 - from) >> 1)]!
}

function insert(value: number, n: number): void {
  let i = n
  while (i > 0 && sorted[i - 1]! > value) {
    sorted[i] = sorted[i - 1]!
    i--
  }
  sorted[i] = value
}

/** One of the newest readings of a series. */
export interface Recent {
  readonly time: Millis
  readonly value: number
  readonly offset: Offset
  /** Distance from what was expected, in its usual spread; NaN while learning. */
  readonly z: number
}

/** Call before `count` goes up. */
export function remember(row: Float64Array, time: Millis, value: number, offset: Offset, z: number): void {
  const at = ring + (row[count]! % ringSize) * ringFields
  row[at] = time
  row[at + 1] = value
  row[at + 2] = offset
  row[at + 3] = z
}

/** The newest remembered readings, oldest first, at most 32; `total` is how many were ever remembered. */
export function recent(row: Float64Array, total: number): readonly Recent[] {
  const found: Recent[] = []
  for (let i = Math.max(0, total - ringSize); i < total; i++) {
    const at = ring + (i % ringSize) * ringFields
    found.push({ time: row[at]!, value: row[at + 1]!, offset: row[at + 2]!, z: row[at + 3]! })
  }
  return found
}

const units: readonly (readonly [RegExp, string])[] = [
  [/(^|[._-])(temp|temperature)([._-]|$)|_c$|temperature/i, '°C'],
  [/_bar$|pressure/i, 'bar'],
  [/humidity|_rh$/i, '%'],
  [/_kw$/i, 'kW'],
  [/power|_w$/i, 'W'],
  [/current|_a$/i, 'A'],
  [/voltage|_v$/i, 'V'],
  [/vibration|mm_s$/i, 'mm/s'],
  [/flow/i, 'm³/h'],
  [/level|percent|_pct$/i, '%'],
  [/rpm|speed/i, 'rpm'],
  [/co2|ppm/i, 'ppm'],
]

/** A guess from the signal's name, to be shown as one; null when the name says nothing. */
export function guessUnit(signal: string): string | null {
  for (const [name, unit] of units) if (name.test(signal)) return unit
  return null
}

/** "motor.discharge_pressure" becomes "Motor discharge pressure". */
export function signalLabel(signal: string): string {
  const words = signal.replaceAll(/[._-]+/g, ' ').trim() || signal
  return words.charAt(0).toUpperCase() + words.slice(1)
}
