import { count, kindPart } from '../series.ts'

// What kind of number a series is: counters, enumerations and constants are no measurements and get no band.
const distinct = kindPart
const values = kindPart + 1
const manyDistinct = 8
const rises = values + manyDistinct
const falls = rises + 1
const judgeFrom = 100

export function learnKind(row: Float64Array, value: number, previous: number): void {
  if (row[distinct]! < manyDistinct) learnDistinct(row, value)
  if (value > previous) row[rises] = row[rises]! + 1
  else if (value < previous) row[falls] = row[falls]! + 1
}

function learnDistinct(row: Float64Array, value: number): void {
  const n = row[distinct]!
  for (let i = 0; i < n; i++) if (row[values + i] === value) return
  row[values + n] = value
  row[distinct] = n + 1
}

/** Whether "usual" means anything for it. */
export function isMeasurement(row: Float64Array): boolean {
  return row[count]! >= judgeFrom && row[distinct]! >= manyDistinct && !isCounter(row)
}

/** It rises, and now and then begins again; the first time may come before it has risen often. */
function isCounter(row: Float64Array): boolean {
  return row[rises]! > 0.2 * row[count]! && (row[falls]! - 1) * 200 < row[rises]!
}
