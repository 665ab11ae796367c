import type { Millis } from '../../contract/model.ts'
import { exp2 } from '../math.ts'
import { meansPart, type Row } from '../rows.ts'
import type { Now } from './detector.ts'

// What a series does, at several paces: means that forget with a half-life in readings, so 2 is the newest few and
// 3,000 some days. Raw means follow a fault at once; the slow ones are pulled by a reading no further than `clip`.

/** Half-lives 2 and 8, and 8 of the size of a step. */
export const nearest = meansPart
export const recently = meansPart + 1
export const stepSize = meansPart + 2
/** Half-lives 600 and 3,000: mean, and spread behind it. */
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

export const clip = 4
export const clipFrom = 20
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
export function paceOf({ near, at }: Row): number {
  const k = usualCadence / near[at + rated]!
  return k > 1 ? k : Math.sqrt(k)
}

/** Half-lives follow the learned cadence, once it is another one and not at each small change. */
export function learnRates(row: Row, { every }: Now): void {
  const { near, at } = row
  const known = near[at + rated]!
  const now = every > 0 ? every : usualCadence // NaN: not known yet
  if (now < 2 * known && now > known / 2) return
  near[at + rated] = now
  setRates(row)
}

function setRates(row: Row): void {
  const { near, at } = row
  const k = paceOf(row)
  near[at + longRate] = rate(600 * k)
  near[at + slowRate] = rate(3_000 * k)
  near[at + featureRate] = rate(8_000 * k)
  near[at + dayRate] = rate(300 * k)
  near[at + restRate] = rate(6_000 * k)
}

/** Whether so much time has passed since the value before that it is not just before. Once a reading. */
export function isAfterGap({ near, at }: Row, { time, every }: Now): boolean {
  const gap = time - near[at + lastTime]!
  near[at + lastTime] = time
  return gap > longGap * every // NaN is not known yet
}

/** As if it had been like this just before. */
export function forgetNear({ near, at }: Row, { value }: Now): void {
  near[at + nearest] = value
  near.fill(value, at + before, at + before + 4)
}

/** The fast means, before a reading is judged: what it is judged by has it in. */
export function learnNear({ near, at }: Row, { value }: Now): void {
  const n = near[at + reads]!
  learnMean(near, at + nearest, value, shareOf(n, rateOf2))
  learnMean(near, at + recently, value, shareOf(n, rateOf8))
  if (n > 0) learnMean(near, at + stepSize, Math.abs(value - near[at + before]!), shareOf(n - 1, rateOf8))
}

/** The slow means, after it was judged. */
export function learnFar({ near, at }: Row, { value }: Now): void {
  const n = near[at + reads]!
  learnSpread(near, at + long, value, n, near[at + longRate]!)
  learnSpread(near, at + slow, value, n, near[at + slowRate]!)
  near[at + before + 3] = near[at + before + 2]!
  near[at + before + 2] = near[at + before + 1]!
  near[at + before + 1] = near[at + before]!
  near[at + before] = value
  near[at + reads] = n + 1
}

/** What a value weighs when `n` are known: the first weigh alike, then each new one `least`. */
export function shareOf(n: number, least: number): number {
  return Math.max(least, 1 / (n + 1))
}

export function learnMean(near: Float64Array, at: number, value: number, share: number): void {
  near[at] = near[at]! + share * (value - near[at]!)
}

/** Mean and spread; one value pulls no further than four spreads. The spread is kept as it is asked for: no one waits for its root. */
export function learnSpread(near: Float64Array, at: number, value: number, n: number, least: number): void {
  const a = shareOf(n, least)
  const spread = near[at + 1]!
  let d = value - near[at]!
  if (n >= clipFrom) {
    const most = clip * spread
    d = d > most ? most : d < -most ? -most : d
  }
  near[at] = near[at]! + a * d
  near[at + 1] = Math.sqrt((1 - a) * (spread * spread + a * d * d))
}

/** The usual distance of a value from the long mean: the ruler of a series. */
export function scaleOf({ near, at }: Row): number {
  return near[at + long + 1]!
}
