import type { Cadence, Millis } from '../contract/model.ts'
import { gapPart, isLookedFor, kindOfPace, learnGap } from './pace.ts'

// The head of a series: the few numbers that every reading of it touches. The heads of all series lie in one table, those
// of a device side by side, because ten thousand series in turn cost more by where their numbers are than by what is done.
// Series that always come in the same messages have the same pace: while that is so they share the row of the first.

/** Newest event time; NaN: none yet. */
export const newest = 0
/** Usual gap between two readings in event time; NaN until three gaps are known. */
export const every = 1
/** What was last said about the pace. */
export const saidEvery = 2
export const saidSilent = 3
/** Of the newest reading in order. */
export const lastOffset = 4
/** As it is saved; it lies in `values`. */
export const lastReading = 5
/** Readings in order so far. */
export const readings = 6
/** Index of its device. */
const owner = 7
/** Longest gap so far. */
export const longest = 8
const gaps = 9
export const headLength = gaps + gapPart

export interface Heads {
  /** Series s begins at `at[s]`. Another array when it has grown. */
  numbers: Float64Array
  at: Int32Array
  /** The newest reading in order of each series. */
  values: Float64Array
  /** 1: the series has changed since the last save. */
  changed: Uint8Array
}

export function createHeads(): Heads {
  return {
    numbers: new Float64Array(0),
    at: new Int32Array(0),
    values: new Float64Array(0),
    changed: new Uint8Array(0),
  }
}

/** The series after the last one. */
export function addHead(heads: Heads, series: number, device: number): void {
  if (series >= heads.changed.length) grow(heads)
  const at = series * headLength
  const { numbers } = heads
  numbers[at + newest] = numbers[at + every] = numbers[at + saidEvery] = numbers[at + saidSilent] = Number.NaN
  numbers[at + owner] = device
  heads.at[series] = at
}

function grow(heads: Heads): void {
  const { numbers, at, values, changed } = heads
  const room = Math.max(64, 2 * changed.length)
  heads.numbers = new Float64Array(room * headLength)
  heads.numbers.set(numbers)
  heads.at = new Int32Array(room).fill(-1)
  heads.at.set(at)
  heads.values = new Float64Array(room)
  heads.values.set(values)
  heads.changed = new Uint8Array(room)
  heads.changed.set(changed)
}

/** A copy of one, as it is saved. */
export function headOf({ numbers, at, values }: Heads, series: number): Float64Array {
  const head = numbers.slice(at[series]!, at[series]! + headLength)
  head[lastReading] = values[series]!
  return head
}

/** As it was saved. */
export function putHead({ numbers, values }: Heads, series: number, saved: Float64Array): void {
  numbers.set(saved, series * headLength)
  numbers[series * headLength + lastReading] = 0
  values[series] = saved[lastReading]!
}

/** Series [first, first + n) come together from now on, if they always did. */
export function joinHeads(heads: Heads, first: number, n: number): void {
  for (let i = 0; i < n; i++) if (heads.at[first + i] !== (first + i) * headLength) return
  for (let i = 1; i < n; i++) if (!isSame(heads.numbers, first * headLength, (first + i) * headLength)) return
  heads.at.fill(first * headLength, first, first + n)
}

function isSame(numbers: Float64Array, a: number, b: number): boolean {
  for (let i = 0; i < headLength; i++) if (!Object.is(numbers[a + i], numbers[b + i])) return false
  return true
}

/** Where the row begins that these share, and no other with them; -1: they do not. */
export function joinedHead({ at }: Heads, first: number, n: number): number {
  const head = first * headLength
  return at[first] === head && at[first + n - 1] === head && at[first + n] !== head ? head : -1
}

/** No series shares a row any more. */
export function partHeads(heads: Heads): void {
  for (let series = 0; series < heads.at.length && heads.at[series]! >= 0; series++) ownHead(heads, series)
}

/** Where the row of a series begins, which is its own from now on. */
export function ownHead(heads: Heads, series: number): number {
  const own = series * headLength
  if (heads.at[series] !== own || heads.at[series + 1] === own) part(heads, heads.at[series]!)
  return own
}

function part({ numbers, at }: Heads, shared: number): void {
  for (let series = shared / headLength + 1; at[series] === shared; series++) {
    at[series] = series * headLength
    numbers.copyWithin(series * headLength, shared, shared + headLength)
  }
}

/** Reads of each line of memory that a reading asks for, so that all come at once. */
export function fetchHead({ numbers, at, values }: Heads, series: number): number {
  const head = series * headLength
  return numbers[head]! + numbers[head + 8]! + numbers[head + 16]! + numbers[head + 24]! + at[series]! + values[series]!
}

/** The newest value; NaN: none yet. */
export function standingAt({ numbers, at, values }: Heads, series: number): number {
  return numbers[at[series]! + readings]! > 0 ? values[series]! : Number.NaN
}

/** Its newest event time; NaN: none yet. */
export function newestOf({ numbers, at }: Heads, series: number): Millis {
  return numbers[at[series]! + newest]!
}

/** Its usual gap; NaN until three gaps are known. */
export function everyOf({ numbers, at }: Heads, series: number): Millis {
  return numbers[at[series]! + every]!
}

export function ownerOf({ numbers }: Heads, series: number): number {
  return numbers[series * headLength + owner]!
}

/** Learns the pace from the gap before a reading. True: the usual gap was looked for, as now and then. */
export function learnPace(heads: Float64Array, at: number, gap: Millis): boolean {
  if (gap > heads[at + longest]!) heads[at + longest] = gap
  heads[at + every] = learnGap(heads, at + gaps, gap, heads[at + every]!)
  return isPaceDue(heads, at)
}

/** Its longest gap is not shorter than this. */
export function lengthen(heads: Heads, series: number, gap: Millis): void {
  const at = ownHead(heads, series) + longest
  heads.numbers[at] = Math.max(heads.numbers[at]!, gap)
}

/** Whether the usual gap has just been looked for. */
export function isPaceDue(heads: Float64Array, at: number): boolean {
  return isLookedFor(heads, at + gaps)
}

/** Gaps that were learned from. */
export function gapsKnown(heads: Float64Array, at: number): number {
  return heads[at + gaps + gapPart - 1]!
}

/** How it comes, by the newest gaps; null: too few are known. */
export function cadenceOf(heads: Float64Array, at: number): Cadence | null {
  return kindOfPace(heads, at + gaps, heads[at + every]!)
}
