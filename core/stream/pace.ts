import type { Millis } from '../contract/model.ts'

const gapRing = 15
/** Room for the newest gaps and, behind them, how many were seen. */
export const gapPart = gapRing + 1

const sorted = new Float64Array(gapRing)

/** Keeps the newest 15 gaps at `at` and answers their usual size: the median of those that are no hundredth part of a burst. */
export function learnGap(row: Float64Array, at: number, gap: Millis, usual: Millis): Millis {
  const n = row[at + gapRing]!
  const place = n % gapRing
  row[at + place] = gap
  row[at + gapRing] = n + 1
  const due = n === 2 || n === 6 || place === gapRing - 1
  return due ? medianGap(row, at, Math.min(n + 1, gapRing)) : usual
}

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
