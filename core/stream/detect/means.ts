import type { Millis } from '../../contract/model.ts'
import { exp2 } from '../math.ts'
import { meansPart } from '../series.ts'

// What a series does, at several paces: means that forget with a half-life in readings, so 2 is the newest few and
// 3,000 some days. Raw means follow a fault at once; the slow ones are pulled by a reading no further than `clip`.

/** Half-lives 2 and 8, and 8 of the size of a step. */
export const nearest = meansPart
export const recently = meansPart + 1
export const stepSize = meansPart + 2
/** Half-lives 600 and 3,000: mean, and variance behind it. */
export const long = meansPart + 3
export const slow = meansPart + 5
/** The four values before this one, newest first. */
export const before = meansPart + 7
const rated = meansPart + 11
const longRate = meansPart + 12
const slowRate = meansPart + 13
/** Half-lives 8,000, 300 and 6,000. */
export const featureRate = meansPart + 14
export const dayRate = meansPart + 15
export const restRate = meansPart + 16
/** Readings that are in the means. */
export const reads = meansPart + 17
/** Event time of the newest of them. */
const lastTime = meansPart + 18

const clip = 4
const clipFrom = 20
/** In usual gaps: as for a silence. */
const longGap = 5
/** The cadence at which the half-lives are as written. */
const usualCadence: Millis = 300_000
export const rateOf2 = rate(2)
export const rateOf8 = rate(8)

function rate(halfLife: number): number {
  return 1 - exp2(-1 / halfLife)
}

/** How many readings of this series stand for one at five minutes. A slow series learns from fewer, but not so few. */
export function paceOf(row: Float64Array): number {
  const k = usualCadence / row[rated]!
  return k > 1 ? k : Math.sqrt(k)
}

/** Half-lives follow the learned cadence, once it is another one and not at each small change. */
export function learnRates(row: Float64Array, every: Millis): void {
  const known = row[rated]!
  const now = every > 0 ? every : usualCadence // NaN: not known yet
  if (now < 2 * known && now > known / 2) return
  row[rated] = now
  const k = paceOf(row)
  row[longRate] = rate(600 * k)
  row[slowRate] = rate(3_000 * k)
  row[featureRate] = rate(8_000 * k)
  row[dayRate] = rate(300 * k)
  row[restRate] = rate(6_000 * k)
}

/** Whether so much time has passed since the value before that it is not just before. Once a reading. */
export function isAfterGap(row: Float64Array, time: Millis, every: Millis): boolean {
  const gap = time - row[lastTime]!
  row[lastTime] = time
  return gap > longGap * every // NaN is not known yet
}

/** As if it had been like this just before. */
export function forgetNear(row: Float64Array, value: number): void {
  row[nearest] = value
  row.fill(value, before, before + 4)
}

/** The fast means, before a reading is judged: what it is judged by has it in. */
export function learnNear(row: Float64Array, value: number): void {
  const n = row[reads]!
  learnMean(row, nearest, value, n, rateOf2)
  learnMean(row, recently, value, n, rateOf8)
  if (n > 0) learnMean(row, stepSize, Math.abs(value - row[before]!), n - 1, rateOf8)
}

/** The slow means, after it was judged. */
export function learnFar(row: Float64Array, value: number): void {
  const n = row[reads]!
  learnSpread(row, long, value, n, row[longRate]!)
  learnSpread(row, slow, value, n, row[slowRate]!)
  row[before + 3] = row[before + 2]!
  row[before + 2] = row[before + 1]!
  row[before + 1] = row[before]!
  row[before] = value
  row[reads] = n + 1
}

/** `n` values are in it: the first weigh alike, then each new one by `least`. */
export function learnMean(row: Float64Array, at: number, value: number, n: number, least: number): void {
  row[at] = row[at]! + Math.max(least, 1 / (n + 1)) * (value - row[at]!)
}

/** Mean and variance; one value pulls no further than four spreads. */
export function learnSpread(row: Float64Array, at: number, value: number, n: number, least: number): void {
  const a = Math.max(least, 1 / (n + 1))
  let d = value - row[at]!
  if (n >= clipFrom) {
    const most = clip * Math.sqrt(row[at + 1]!)
    d = d > most ? most : d < -most ? -most : d
  }
  row[at] = row[at]! + a * d
  row[at + 1] = (1 - a) * (row[at + 1]! + a * d * d)
}

/** The usual distance of a value from the long mean: the ruler of a series. */
export function scaleOf(row: Float64Array): number {
  return Math.sqrt(row[long + 1]!)
}
