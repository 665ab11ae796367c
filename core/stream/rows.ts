import type { Millis, Offset } from '../contract/model.ts'

// What detectors have learned of a series is a row of numbers. What every reading asks for is its near part, the rest its
// far part, and the parts of all series are two tables: where ten thousand series speak in turn, a number costs what it
// costs to fetch.

// The near part: every part of it begins where the one before ends.
/** Readings learned from, in order. */
export const count = 0
export const lastValue = 1
export const stuckPart = 2
export const kindPart = stuckPart + 3
/** From here on, what is usual. */
export const meansPart = kindPart + 3
export const bandPart = meansPart + 19
export const seasonPart = bandPart + 9
export const patternPart = seasonPart + 13
export const memoryPart = patternPart + 4
export const nearLength = memoryPart + 54

// The far part.
export const firstOffset = 0
/** Of the detector `stuck`. */
export const stuckFar = 1
/** From here on, what is usual. */
export const bandFar = 2
export const peakPart = bandFar + 1
export const hoursPart = peakPart + 117
export const stepsPart = hoursPart + 386
/** Here ends what is usual. */
export const statesPart = stepsPart + 272
export const relationPart = statesPart + 16
/** Ring of the newest readings. */
const ring = relationPart + 8
export const ringSize = 32
const ringFields = 4
export const farLength = ring + ringSize * ringFields

/** The rows of all series. Other tables when they have grown. */
export interface Rows {
  near: Float64Array
  far: Float64Array
  length: number
}

/** Where the numbers of one series are: its near part begins at `at`, its far part at `from`. */
export interface Row {
  near: Float64Array
  at: number
  far: Float64Array
  from: number
}

export function createRows(): Rows {
  return { near: new Float64Array(0), far: new Float64Array(0), length: 0 }
}

/** The row after the last one, all zeros. */
export function addRow(rows: Rows): void {
  if (rows.length * nearLength === rows.near.length) grow(rows)
  rows.length += 1
}

/** What was never written costs no memory, so that there is room for as many again. */
function grow(rows: Rows): void {
  const room = Math.max(64, 2 * rows.length)
  const { near, far } = rows
  rows.near = new Float64Array(room * nearLength)
  rows.near.set(near)
  rows.far = new Float64Array(room * farLength)
  rows.far.set(far)
}

/** Of one series; not to be kept, because the tables may grow. */
export function rowOf(rows: Rows, series: number): Row {
  return turnTo({ near: rows.near, at: 0, far: rows.far, from: 0 }, rows, series)
}

/** The same without a new object. */
export function turnTo(row: Row, rows: Rows, series: number): Row {
  row.near = rows.near
  row.at = series * nearLength
  row.far = rows.far
  row.from = series * farLength
  return row
}

/** As of a series that was never seen, but for what kind of series it is and how often it speaks. */
export function forgetUsual({ near, at, far, from }: Row): void {
  near.fill(0, at + meansPart, at + nearLength)
  far.fill(0, from + bandFar, from + statesPart)
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
export function remember({ near, at, far, from }: Row, { time, value, offset, z }: Recent): void {
  const to = from + ring + (near[at + count]! & (ringSize - 1)) * ringFields // a remainder of doubles takes 30 ns
  far[to] = time
  far[to + 1] = value
  far[to + 2] = offset
  far[to + 3] = z
}

/** The newest remembered readings, oldest first, at most 32; `total` is how many were ever remembered. */
export function recent({ far, from }: Row, total: number): readonly Recent[] {
  const found: Recent[] = []
  for (let i = Math.max(0, total - ringSize); i < total; i++) {
    const at = from + ring + (i % ringSize) * ringFields
    found.push({ time: far[at]!, value: far[at + 1]!, offset: far[at + 2]!, z: far[at + 3]! })
  }
  return found
}
