import type { Cadence, Millis } from '../contract/model.ts'

/** Room for the newest gaps. How many were seen lies apart, with the numbers that are read each time: these are only written. */
export const gapRing = 15

const sorted = new Float64Array(gapRing)

/** Keeps the newest gaps at `at` and answers their usual size: the median of those that are no hundredth part of a burst. `seen` were before. */
export function learnGap(row: Float64Array, at: number, seen: number, gap: Millis, usual: Millis): Millis {
  const n = seen >>> 0 // a remainder of whole numbers is quick, of others it is not
  row[at + (n % gapRing)] = gap
  return isLookedFor(n + 1) ? medianGap(row, at, Math.min(n + 1, gapRing)) : usual
}

/** The usual gap is looked for at the 3rd, the 7th, and every 15th. */
export function isLookedFor(seen: number): boolean {
  const n = seen >>> 0
  return n === 3 || n === 7 || n % gapRing === 0
}

/** How the newest gaps are, of those seen, against the usual one; null: too few are known. */
export function kindOfPace(row: Float64Array, at: number, seen: number, usual: Millis): Cadence | null {
  const n = Math.min(seen, gapRing)
  if (n < leastGaps) return null
  let like = 0
  let bursts = 0
  for (let i = 0; i < n; i++) {
    const gap = row[at + i]!
    if (gap >= usual / 2 && gap <= 2 * usual) like++
    if (gap < usual / 10) bursts++
  }
  if (4 * bursts >= n) return 'bursts'
  return 4 * like >= 3 * n ? 'regular' : 'on change'
}

const leastGaps = 7

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
