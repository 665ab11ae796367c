import type { Cadence, Millis } from '../contract/model.ts'
import { gapRing, isLookedFor, kindOfPace, learnGap } from './pace.ts'

// The head of a series: the few numbers that every reading of it touches. The heads of all series lie in one table, those
// of a device side by side, because ten thousand series in turn cost more by where their numbers are than by what is done.
// Series that always come in the same messages have the same pace: while that is so they share the row of the first. Eight
// numbers are one line of memory: what every reading reads is the first of a row, behind it is what is only written.

/** Newest event time; NaN: none yet. */
export const newest = 0
/** Usual gap between two readings in event time; NaN until three gaps are known. */
export const every = 1
/** What was last said about the pace. */
export const saidEvery = 2
export const saidSilent = 3
/** Of the newest reading in order. */
export const lastOffset = 4
/** Readings in order so far. */
export const readings = 5
/** Longest gap so far. */
export const longest = 6
/** Gaps that were learned from. */
export const gapsKnown = 7
/** Index of its device. */
const owner = 8
/** Of a copy, as it is saved: in the place of the owner, who is known otherwise. */
export const lastReading = owner
const gaps = 9
export const headLength = gaps + gapRing
/** Large blocks begin 16 bytes behind a line of memory; each row begins with one. */
const lead = 6

export interface Heads {
  /** The row of series s begins at `at[s]`. Another array when it has grown. */
  numbers: Float64Array
  at: Int32Array
  /** The newest reading in order of each series. */
  values: Float64Array
  /** 1: the series has changed since the last save. */
  changed: Uint8Array
  /** 1: no more than the usual watches look at it and they hold nothing, so that nothing else need be known of it. */
  calm: Uint8Array
}

export function createHeads(): Heads {
  return {
    numbers: new Float64Array(0),
    at: new Int32Array(0),
    values: new Float64Array(0),
    changed: new Uint8Array(0),
    calm: new Uint8Array(0),
  }
}

/** The series after the last one. */
export function addHead(heads: Heads, series: number, device: number): void {
  if (series >= heads.changed.length) grow(heads)
  const at = ownAt(series)
  const { numbers } = heads
  numbers[at + newest] = numbers[at + every] = numbers[at + saidEvery] = numbers[at + saidSilent] = Number.NaN
  numbers[at + owner] = device
  heads.at[series] = at
}

/** Where its own row begins. */
function ownAt(series: number): number {
  return lead + series * headLength
}

function grow(heads: Heads): void {
  const { numbers, at, values, changed, calm } = heads
  const room = Math.max(64, 2 * changed.length)
  heads.numbers = new Float64Array(lead + room * headLength)
  heads.numbers.set(numbers)
  heads.at = new Int32Array(room).fill(-1)
  heads.at.set(at)
  heads.values = new Float64Array(room)
  heads.values.set(values)
  heads.changed = new Uint8Array(room)
  heads.changed.set(changed)
  heads.calm = new Uint8Array(room)
  heads.calm.set(calm)
}

/** A copy of one, as it is saved. */
export function headOf({ numbers, at, values }: Heads, series: number): Float64Array {
  const head = numbers.slice(at[series]!, at[series]! + headLength)
  head[lastReading] = values[series]!
  return head
}

/** As it was saved. */
export function putHead({ numbers, values }: Heads, series: number, saved: Float64Array): void {
  const at = ownAt(series)
  const device = numbers[at + owner]!
  numbers.set(saved, at)
  numbers[at + owner] = device
  values[series] = saved[lastReading]!
}

/** Series [first, first + n) come together from now on, if they always did. */
export function joinHeads(heads: Heads, first: number, n: number): void {
  for (let i = 0; i < n; i++) if (heads.at[first + i] !== ownAt(first + i)) return
  for (let i = 1; i < n; i++) if (!isSame(heads.numbers, ownAt(first), ownAt(first + i))) return
  heads.at.fill(ownAt(first), first, first + n)
}

function isSame(numbers: Float64Array, a: number, b: number): boolean {
  for (let i = 0; i < headLength; i++) if (!Object.is(numbers[a + i], numbers[b + i])) return false
  return true
}

/** Where the row begins that these share, and no other with them; -1: they do not. */
export function joinedHead({ at }: Heads, first: number, n: number): number {
  const head = ownAt(first)
  return at[first] === head && at[first + n - 1] === head && at[first + n] !== head ? head : -1
}

/** No series shares a row any more. */
export function partHeads(heads: Heads): void {
  for (let series = 0; series < heads.at.length && heads.at[series]! >= 0; series++) ownHead(heads, series)
}

/** Where the row of a series begins, which is its own from now on. */
export function ownHead(heads: Heads, series: number): number {
  const own = ownAt(series)
  if (heads.at[series] !== own || heads.at[series + 1] === own) part(heads, heads.at[series]!)
  return own
}

function part({ numbers, at }: Heads, shared: number): void {
  for (let series = (shared - lead) / headLength + 1; at[series] === shared; series++) {
    at[series] = ownAt(series)
    numbers.copyWithin(at[series]!, shared, shared + headLength)
  }
}

/** Reads of each line of memory that a reading asks for, so that all come at once. */
export function fetchHead({ numbers, at, values }: Heads, series: number): number {
  return numbers[ownAt(series)]! + at[series]! + values[series]!
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
  return numbers[ownAt(series) + owner]!
}

/** Learns the pace from the gap before a reading. True: the usual gap was looked for, as now and then. */
export function learnPace(heads: Float64Array, at: number, gap: Millis): boolean {
  if (gap > heads[at + longest]!) heads[at + longest] = gap
  heads[at + every] = learnGap(heads, at + gaps, heads[at + gapsKnown]!, gap, heads[at + every]!)
  heads[at + gapsKnown]! += 1
  return isPaceDue(heads, at)
}

/** Its longest gap is not shorter than this. */
export function lengthen(heads: Heads, series: number, gap: Millis): void {
  const at = ownHead(heads, series) + longest
  heads.numbers[at] = Math.max(heads.numbers[at]!, gap)
}

/** Whether the usual gap has just been looked for. */
export function isPaceDue(heads: Float64Array, at: number): boolean {
  return isLookedFor(heads[at + gapsKnown]!)
}

/** How it comes, by the newest gaps; null: too few are known. */
export function cadenceOf(heads: Float64Array, at: number): Cadence | null {
  return kindOfPace(heads, at + gaps, heads[at + gapsKnown]!, heads[at + every]!)
}
