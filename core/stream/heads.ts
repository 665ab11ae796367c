import type { Cadence, Millis } from '../contract/model.ts'
import { gapPart, isLookedFor, kindOfPace, learnGap } from './pace.ts'

// The head of a series: the few numbers that every reading of it touches. The heads of all series lie in one table, those
// of a device side by side, because ten thousand series in turn cost more by where their numbers are than by what is done.

/** Newest event time; NaN: none yet. */
export const newest = 0
/** Usual gap between two readings in event time; NaN until three gaps are known. */
export const every = 1
/** What was last said about the pace. */
export const saidEvery = 2
export const saidSilent = 3
/** Of the newest reading in order. */
export const lastOffset = 4
export const lastReading = 5
/** Readings in order so far. */
export const readings = 6
/** Index of its device. */
export const owner = 7
/** Longest gap so far. */
export const longest = 8
const gaps = 9
export const headLength = gaps + gapPart

export interface Heads {
  /** Series s begins at `s * headLength`. Another array when it has grown. */
  numbers: Float64Array
  /** 1: the series has changed since the last save. */
  changed: Uint8Array
}

export function createHeads(): Heads {
  return { numbers: new Float64Array(0), changed: new Uint8Array(0) }
}

/** The series after the last one. */
export function addHead(heads: Heads, series: number, device: number): void {
  if (series >= heads.changed.length) grow(heads)
  const at = series * headLength
  const { numbers } = heads
  numbers[at + newest] = numbers[at + every] = numbers[at + saidEvery] = numbers[at + saidSilent] = Number.NaN
  numbers[at + owner] = device
}

function grow(heads: Heads): void {
  const { numbers, changed } = heads
  const room = Math.max(64, 2 * changed.length)
  heads.numbers = new Float64Array(room * headLength)
  heads.numbers.set(numbers)
  heads.changed = new Uint8Array(room)
  heads.changed.set(changed)
}

/** Of one series; not to be kept, because the table may grow. */
export function headOf({ numbers }: Heads, series: number): Float64Array {
  return numbers.subarray(series * headLength, (series + 1) * headLength)
}

/** The newest value; NaN: none yet. */
export function standingAt({ numbers }: Heads, series: number): number {
  const at = series * headLength
  return numbers[at + readings]! > 0 ? numbers[at + lastReading]! : Number.NaN
}

/** Its usual gap; NaN until three gaps are known. */
export function everyOf({ numbers }: Heads, series: number): Millis {
  return numbers[series * headLength + every]!
}

/** Learns the pace from the gap before a reading. True: the usual gap was looked for, as now and then. */
export function learnPace(heads: Float64Array, at: number, gap: Millis): boolean {
  if (gap > heads[at + longest]!) heads[at + longest] = gap
  heads[at + every] = learnGap(heads, at + gaps, gap, heads[at + every]!)
  return isLookedFor(heads, at + gaps)
}

/** Gaps that were learned from. */
export function gapsKnown(head: Float64Array): number {
  return head[gaps + gapPart - 1]!
}

/** How it comes, by the newest gaps; null: too few are known. */
export function cadenceOf(heads: Float64Array, at: number): Cadence | null {
  return kindOfPace(heads, at + gaps, heads[at + every]!)
}
