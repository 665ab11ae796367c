import type { Millis, Offset } from '../contract/model.ts'

// What detectors have learned of a series is a row of numbers. What its readings ask for is its near part, the rest its far
// part, and the parts of all series are two tables: where ten thousand series speak in turn, a number costs what it costs
// to fetch. So what every reading asks for comes first, and whatever else one may ask for is in the same page of memory.

// The near part: every part of it begins where the one before ends.
/** Readings learned from, in order. */
export const count = 0
export const lastValue = 1
export const stuckPart = 2
export const kindPart = stuckPart + 3
/** From here on, what is usual. */
export const meansPart = kindPart + 3
export const bandPart = meansPart + 19
export const seasonPart = bandPart + 8
export const patternPart = seasonPart + 13
/** One more than the bin of the newest value, which says which 16 of the steps are next; 0: none yet. */
export const lastBin = patternPart + 2
export const memoryPart = patternPart + 4
/** 16 small numbers, two in the place of one. */
export const totalsPart = memoryPart + 36
/** 256 small numbers. */
export const stepsPart = totalsPart + 8
export const peakPart = stepsPart + 128
/** Here ends what is usual. */
const ring = peakPart + 72
/** Of the newest readings. */
export const ringSize = 32
const ringFields = 4
export const nearLength = ring + ringSize * ringFields

// The far part.
export const firstOffset = 0
/** Of the detector `stuck`. */
export const stuckFar = 1
/** From here on, what is usual. */
export const bandFar = 2
export const alertPart = bandFar + 1
export const hoursPart = alertPart + 9
/** Here ends what is usual. */
export const statesPart = hoursPart + 386
export const farLength = statesPart + 16

/** The rows of all series. Other tables when they have grown. */
export interface Rows {
  near: Float64Array
  /** The same memory as `near`, for numbers of which seven digits are enough. */
  small: Float32Array
  /** The same again, for counts. */
  whole: Int32Array
  far: Float64Array
  length: number
  /** Nobody asks what is in it: who writes here has read what was to be fetched. */
  readonly fetched: Float64Array
}

/** Where the numbers of one series are: its near part begins at `at`, which is `2 * at` in `small` and `whole`, its far part at `from`. */
export interface Row {
  near: Float64Array
  small: Float32Array
  whole: Int32Array
  at: number
  far: Float64Array
  from: number
}

export function createRows(): Rows {
  return {
    near: new Float64Array(0),
    small: new Float32Array(0),
    whole: new Int32Array(0),
    far: new Float64Array(0),
    length: 0,
    fetched: new Float64Array(1),
  }
}

/** The row after the last one, all zeros. */
export function addRow(rows: Rows): void {
  if (rows.length * farLength === rows.far.length) grow(rows)
  rows.length += 1
}

/** What was never written costs no memory, so that there is room for three times as many again: copying is what costs. */
function grow(rows: Rows): void {
  const room = Math.max(64, 4 * rows.length)
  const { near, far } = rows
  rows.near = new Float64Array(lead + room * nearLength)
  rows.near.set(near)
  rows.small = new Float32Array(rows.near.buffer)
  rows.whole = new Int32Array(rows.near.buffer)
  rows.far = new Float64Array(room * farLength)
  rows.far.set(far)
}

/** Large blocks begin 16 bytes behind a line of memory, which is 64; a row, and each row of steps in it, begins with one. */
const lead = 6

/** Of one series; not to be kept, because the tables may grow. */
export function rowOf(rows: Rows, series: number): Row {
  return turnTo({ ...tablesOf(rows), at: 0, from: 0 }, rows, series)
}

/** The same without a new object. */
export function turnTo(row: Row, rows: Rows, series: number): Row {
  if (row.near !== rows.near) Object.assign(row, tablesOf(rows))
  row.at = nearOf(series)
  row.from = farOf(series)
  return row
}

function tablesOf({ near, small, whole, far }: Rows): Pick<Row, 'near' | 'small' | 'whole' | 'far'> {
  return { near, small, whole, far }
}

export function nearOf(series: number): number {
  return lead + series * nearLength
}

export function farOf(series: number): number {
  return series * farLength
}

/** Reads one number of each line of memory that readings of series [first, first + n) ask for, so that all come at once. */
export function fetchRows(rows: Rows, first: number, n: number): number {
  let sum = 0
  for (let i = 0; i < n; i++) sum += fetchFirst(rows.near, nearOf(first + i))
  for (let i = 0; i < n; i++) sum += fetchNext(rows, nearOf(first + i))
  return sum
}

function fetchFirst(near: Float64Array, at: number): number {
  let sum = 0
  for (let i = at; i < at + stepsPart; i += 8) sum += near[i]!
  return sum
}

/** Where these are is in the first ones. */
function fetchNext({ near, small }: Rows, at: number): number {
  const last = Math.max(1, near[at + lastBin]!) - 1
  return near[at + ring + (near[at + count]! & (ringSize - 1)) * ringFields]! + small[2 * (at + stepsPart) + 16 * last]!
}

/** As of a series that was never seen, but for what kind of series it is and how often it speaks. */
export function forgetUsual({ near, at, far, from }: Row): void {
  near.fill(0, at + meansPart, at + ring)
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
export function remember({ near, at }: Row, { time, value, offset, z }: Recent): void {
  const to = at + ring + (near[at + count]! & (ringSize - 1)) * ringFields // a remainder of doubles takes 30 ns
  near[to] = time
  near[to + 1] = value
  near[to + 2] = offset
  near[to + 3] = z
}

/** The newest remembered readings, oldest first, at most 32; `total` is how many were ever remembered. */
export function recent({ near, at }: Row, total: number): readonly Recent[] {
  const found: Recent[] = []
  for (let i = Math.max(0, total - ringSize); i < total; i++) {
    const to = at + ring + (i % ringSize) * ringFields
    found.push({ time: near[to]!, value: near[to + 1]!, offset: near[to + 2]!, z: near[to + 3]! })
  }
  return found
}
