import type { Millis } from '../../contract/model.ts'
import { count, kindPart, lastValue, type Row, statesPart } from '../rows.ts'
import type { Now } from './detector.ts'

// What kind of number a series is: counters, enumerations and constants are no measurements and get no band.
const distinct = kindPart
const rises = kindPart + 1
const falls = kindPart + 2
const manyDistinct = 8
const values = statesPart
const lastSeen = statesPart + manyDistinct
const judgeFrom = 100

export function learnKind(row: Row, now: Now): void {
  const { near, at } = row
  if (near[at + distinct]! < manyDistinct) learnDistinct(row, now)
  const previous = near[at + lastValue]!
  if (now.value > previous) near[at + rises] = near[at + rises]! + 1
  else if (now.value < previous) near[at + falls] = near[at + falls]! + 1
}

function learnDistinct(row: Row, { time, value }: Now): void {
  const place = placeOf(row, value)
  row.far[row.from + values + place] = value
  row.far[row.from + lastSeen + place] = time
  if (place === row.near[row.at + distinct]) row.near[row.at + distinct] = place + 1
}

/** Where a state stands among those that were seen; behind them when it was not. */
function placeOf({ near, at, far, from }: Row, value: number): number {
  const n = near[at + distinct]!
  let i = 0
  while (i < n && far[from + values + i] !== value) i++
  return i
}

/** It has few values, so that each of them is a state. */
export function isState({ near, at }: Row): boolean {
  return near[at + distinct]! < manyDistinct
}

/** Event time at which it was in this state last; NaN: never. */
export function seenBefore(row: Row, value: number): Millis {
  const place = placeOf(row, value)
  return place < row.near[row.at + distinct]! ? row.far[row.from + lastSeen + place]! : Number.NaN
}

/** Whether "usual" means anything for it. */
export function isMeasurement(row: Row): boolean {
  const { near, at } = row
  return near[at + count]! >= judgeFrom && near[at + distinct]! >= manyDistinct && !isCounter(row)
}

/** It rises, and now and then begins again; the first time may come before it has risen often. */
function isCounter({ near, at }: Row): boolean {
  return near[at + rises]! > 0.2 * near[at + count]! && (near[at + falls]! - 1) * 200 < near[at + rises]!
}

/** A text as a number, so that states of every type are compared in one way (FNV-1a). */
export function codeOf(text: string): number {
  let code = 0x811c9dc5
  for (let i = 0; i < text.length; i++) code = Math.imul(code ^ text.charCodeAt(i), 0x01000193)
  return code >>> 0
}
