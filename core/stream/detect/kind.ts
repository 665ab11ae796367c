import type { Millis } from '../../contract/model.ts'
import { count, kindPart, statesPart } from '../series.ts'

// What kind of number a series is: counters, enumerations and constants are no measurements and get no band.
const distinct = kindPart
const rises = kindPart + 1
const falls = kindPart + 2
const manyDistinct = 8
const values = statesPart
const lastSeen = statesPart + manyDistinct
const judgeFrom = 100

export function learnKind(row: Float64Array, time: Millis, value: number, previous: number): void {
  if (row[distinct]! < manyDistinct) learnDistinct(row, time, value)
  if (value > previous) row[rises] = row[rises]! + 1
  else if (value < previous) row[falls] = row[falls]! + 1
}

function learnDistinct(row: Float64Array, time: Millis, value: number): void {
  const at = placeOf(row, value)
  row[values + at] = value
  row[lastSeen + at] = time
  if (at === row[distinct]) row[distinct] = at + 1
}

/** Where a state stands among those that were seen; behind them when it was not. */
function placeOf(row: Float64Array, value: number): number {
  const n = row[distinct]!
  let i = 0
  while (i < n && row[values + i] !== value) i++
  return i
}

/** It has few values, so that each of them is a state. */
export function isState(row: Float64Array): boolean {
  return row[distinct]! < manyDistinct
}

/** Event time at which it was in this state last; NaN: never. */
export function seenBefore(row: Float64Array, value: number): Millis {
  const at = placeOf(row, value)
  return at < row[distinct]! ? row[lastSeen + at]! : Number.NaN
}

/** Whether "usual" means anything for it. */
export function isMeasurement(row: Float64Array): boolean {
  return row[count]! >= judgeFrom && row[distinct]! >= manyDistinct && !isCounter(row)
}

/** It rises, and now and then begins again; the first time may come before it has risen often. */
function isCounter(row: Float64Array): boolean {
  return row[rises]! > 0.2 * row[count]! && (row[falls]! - 1) * 200 < row[rises]!
}

/** A text as a number, so that states of every type are compared in one way (FNV-1a). */
export function codeOf(text: string): number {
  let code = 0x811c9dc5
  for (let i = 0; i < text.length; i++) code = Math.imul(code ^ text.charCodeAt(i), 0x01000193)
  return code >>> 0
}
