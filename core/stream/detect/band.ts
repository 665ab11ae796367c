import type { Millis } from '../../contract/model.ts'
import { bandPart, count, firstOffset, recent, ringSize } from '../series.ts'
import { thousands } from '../thousands.ts'
import { type Detector, type Now, type Params, param, type Verdict, type Words } from './detector.ts'
import { isMeasurement } from './kind.ts'

// Two ways to expect a value: a slow level, and the hour of the day with a slow offset. The one that has been
// closer is used. How far is far: some usual spreads (mean distances, so that a failure does not widen them for long),
// or beyond the largest distances remembered, above and below apart, in the sensor's own unit.
const level = bandPart
const levelSpread = bandPart + 1
const offset = bandPart + 2
const hourSpread = bandPart + 3
const hourCount = bandPart + 4
const byHour = bandPart + 5
/** Hour since 1970 that is being summed up, its sum and count. */
const hourNow = bandPart + 6
const hourSum = bandPart + 7
const hourReadings = bandPart + 8
const dayNow = bandPart + 9
const days = bandPart + 10
const firstTime = bandPart + 11
/** Smallest step between two different values: what the sensor can tell apart. */
const quantum = bandPart + 12
const outsideRun = bandPart + 13
const farRun = bandPart + 14
const openSince = bandPart + 15
const previous = bandPart + 16
/** The largest distances above, and then below, largest first. */
const peaks = bandPart + 17
const peaksKept = 12
const hourMean = peaks + 2 * peaksKept
const hourDays = hourMean + 24
/** For each side the distance that may become a peak, how many readings ago, and whether it was inside an alert. */
const candidates = hourDays + 24
const candidateFields = 3
/** Alerts, fading in some days, and when the newest was. */
const oftenAlerted = candidates + 2 * candidateFields
const lastAlerted = oftenAlerted + 1

const hour: Millis = 3_600_000
const day = 24 * hour
const warmUp = 100
/** One reading pulls no further than this many spreads. */
const clip = 2
/** From a mean distance, cut at `clip`, to the spread of a normal distribution. */
const toSpread = 1.28
/** A reading further out than that counts less, so that a failure of a day does not become usual. */
const farRate = 0.35
const memoryDays = 4
const fastest = 1 / 600
const slowest = 1 / 50_000
const youngWidth = 2
const peakAge = 40
/** An alert opens as many readings after what it is about. */
const alertLag = 3
/** What was an alert is remembered as half as far, so that it is one again; unless alerts come often. */
const alertedWeight = 0.5
const oftenMs = 7 * day
const often = 2
const minDays = 2
/** Before, the hours of the day are not learned well enough to be compared. */
const compareFrom = 3 * day

/** The usual band of a measurement, learned per series. */
export const band: Detector = {
  id: 'band',
  version: 1,
  doc: 'Opens when a value leaves the band that is usual for it at this hour of the day.',
  params: [
    { name: 'width', default: 4, unit: 'spreads', doc: 'Least half-width of the band, in usual spreads.' },
    {
      name: 'margin',
      default: 1.15,
      unit: '',
      doc: 'How far beyond the largest remembered distance the band reaches.',
    },
    { name: 'readings', default: 3, unit: 'readings', doc: 'Readings in a row outside the band that open an alert.' },
    { name: 'relearnMs', default: 2 * day, unit: 'ms', doc: 'An alert that lasts this long becomes the new usual.' },
  ],
  clearReadings: 6,
  step,
  words,
}

/** Where this reading was expected, from what was learned before it. */
export function expect(row: Float64Array, now: Now, params: Params): void {
  if (row[count]! < warmUp || !isMeasurement(row)) {
    now.low = now.high = now.middle = now.z = Number.NaN
    return
  }
  const middle = expected(row, now.time)
  now.middle = middle
  const spread = spreadOf(row, middle)
  const young = youth(row, now.time)
  now.high = middle + young * reach(row, 0, spread, params)
  now.low = middle - young * reach(row, peaksKept, spread, params)
  now.z = (now.value - middle) / spread
}

function expected(row: Float64Array, time: Millis): number {
  if (row[byHour] === 0) return row[level]!
  const hourly = hourExpected(row, time)
  return Number.isNaN(hourly) ? row[level]! : hourly + row[offset]!
}

/** The mean of this hour on earlier days, between the middles of two hours where both are known. NaN: not learned. */
function hourExpected(row: Float64Array, time: Millis): number {
  const at = time / hour - 0.5
  const floor = Math.floor(at)
  const before = ((floor % 24) + 24) % 24
  const after = (before + 1) % 24
  const hasBefore = row[hourDays + before]! >= minDays
  const hasAfter = row[hourDays + after]! >= minDays
  if (hasBefore && hasAfter)
    return row[hourMean + before]! + (at - floor) * (row[hourMean + after]! - row[hourMean + before]!)
  const own = at - floor >= 0.5 ? after : before
  return row[hourDays + own]! >= minDays ? row[hourMean + own]! : Number.NaN
}

function spreadOf(row: Float64Array, middle: number): number {
  const spread = row[byHour] === 0 ? row[levelSpread]! : row[hourSpread]!
  return Math.max(spread, 0.7 * row[quantum]!, 0.0002 * Math.abs(middle), 1e-300)
}

/** How far the band goes to one side: some spreads, or beyond what was remembered there. */
function reach(row: Float64Array, side: number, spread: number, params: Params): number {
  return Math.max(param(band, params, 'width') * spread, param(band, params, 'margin') * row[peaks + side]!)
}

/** A young band is wider: it has not seen two whole days. */
function youth(row: Float64Array, time: Millis): number {
  const missing = 1 - (time - row[firstTime]!) / (minDays * day)
  return missing > 0 ? 1 + youngWidth * missing : 1
}

function step(row: Float64Array, now: Now, params: Params): Verdict {
  if (Number.isNaN(now.z)) return 0
  const wasFar = row[farRun]! > 0
  const side = now.value > now.high ? 1 : now.value < now.low ? -1 : 0
  row[outsideRun] = side === 0 ? 0 : row[outsideRun]! * side > 0 ? row[outsideRun]! + side : side
  row[farRun] = isFar(now) ? row[farRun]! + 1 : 0
  if (row[farRun]! >= 2) return 3
  if (Math.abs(row[outsideRun]!) >= param(band, params, 'readings') || wasFar) return 2
  return side === 0 ? 0 : 1
}

/** Beyond twice the way from the expected value to the edge of the band. */
function isFar(now: Now): boolean {
  const edge = now.value > now.middle ? now.high : now.low
  return Math.abs(now.value - now.middle) > 2 * Math.abs(edge - now.middle)
}

function words(row: Float64Array, now: Now): Words {
  const above = now.z > 0
  const distance = Math.abs(now.value - now.middle)
  let asFar = 0
  const side = peaks + (above ? 0 : peaksKept)
  for (let i = 0; i < peaksKept; i++) if (row[side + i]! >= distance) asFar++
  return {
    title: above ? 'above its usual band' : 'below its usual band',
    expected: { low: now.low, high: now.high },
    why: reason(row, now.time),
    rarity: Math.max(1, Math.floor(row[count]! / (asFar + 1))),
  }
}

function reason(row: Float64Array, time: Millis): string {
  const at = Math.floor(time / hour) % 24
  if (row[byHour] === 1 && row[hourDays + at]! >= minDays)
    return `${at}-${at + 1} h UTC, ${thousands(row[hourDays + at]!)} days learned`
  const span = time - row[firstTime]!
  const learned = span < 2 * day ? `${Math.round(span / hour)} hours` : `${thousands(Math.round(span / day))} days`
  return `the usual level, ${thousands(row[count]!)} readings in ${learned}`
}

/** Whole days that were learned. */
export function learnedDays(row: Float64Array): number {
  return row[days]!
}

/** Learns from a reading, after it was judged. */
export function learnBand(row: Float64Array, now: Now, every: Millis, alerted: boolean, params: Params): void {
  const first = row[count] === 0
  if (first) begin(row, now)
  const a = Math.max(rate(every), 1 / (row[count]! + 1))
  learnStep(row, now.value)
  const kept = learnLevel(row, now, a)
  learnHour(row, now, a)
  sumHour(row, now.time, kept)
  choose(row, now.time)
  learnPeak(row, 0, now.value - now.middle, alerted)
  learnPeak(row, 1, now.middle - now.value, alerted)
  if (alerted) relearn(row, now, params)
  else row[openSince] = Number.NaN
}

function begin(row: Float64Array, now: Now): void {
  row[level] = now.value
  row[firstTime] = now.time
  row[firstOffset] = now.offset
  row[quantum] = 0
  row[openSince] = Number.NaN
  row[hourNow] = Math.floor(now.time / hour)
  row[dayNow] = Math.floor(now.time / day)
}

/** Some days, in readings. */
function rate(every: Millis): number {
  const a = every > 0 ? every / (memoryDays * day) : 0 // NaN: not known yet
  return Math.min(fastest, Math.max(slowest, a))
}

function learnStep(row: Float64Array, value: number): void {
  const size = Math.abs(value - row[previous]!)
  if (size > 0 && row[count]! > 0 && (row[quantum] === 0 || size < row[quantum]!)) row[quantum] = size
  row[previous] = value
}

/** Answers the value, no further from the level than one reading may pull. */
function learnLevel(row: Float64Array, now: Now, a: number): number {
  const far = now.value - row[level]!
  const d = clipped(far, row[levelSpread]!, row[count]!)
  const own = d === far ? a : a * farRate
  row[level] = row[level]! + own * d
  row[levelSpread] = row[levelSpread]! + own * (toSpread * Math.abs(d) - row[levelSpread]!)
  return row[level]! + d
}

function clipped(d: number, spread: number, n: number): number {
  return n < 100 ? d : Math.min(clip * spread, Math.max(-clip * spread, d))
}

function learnHour(row: Float64Array, now: Now, a: number): void {
  const hourly = hourExpected(row, now.time)
  if (Number.isNaN(hourly)) return
  const n = row[hourCount]! + 1
  row[hourCount] = n
  const far = now.value - hourly - row[offset]!
  const d = clipped(far, row[hourSpread]!, n)
  const own = d === far ? Math.max(a, 1 / n) : Math.max(a * farRate, 1 / n)
  row[offset] = row[offset]! + own * d
  row[hourSpread] = row[hourSpread]! + own * (toSpread * Math.abs(d) - row[hourSpread]!)
}

function sumHour(row: Float64Array, time: Millis, value: number): void {
  const now = Math.floor(time / hour)
  if (now > row[hourNow]!) closeHour(row, now) // a reading that comes a little late belongs to the hour in hand
  row[hourSum] = row[hourSum]! + value
  row[hourReadings] = row[hourReadings]! + 1
}

function closeHour(row: Float64Array, now: number): void {
  const slot = ((row[hourNow]! % 24) + 24) % 24
  if (row[hourReadings]! > 0) {
    const n = row[hourDays + slot]! + 1
    row[hourDays + slot] = n
    const mean = row[hourSum]! / row[hourReadings]!
    row[hourMean + slot] = row[hourMean + slot]! + Math.max(0.25, 1 / n) * (mean - row[hourMean + slot]!)
  }
  const today = Math.floor(now / 24)
  if (today !== row[dayNow]) row[days] = row[days]! + 1
  row[dayNow] = today
  row[hourNow] = now
  row[hourSum] = row[hourReadings] = 0
}

/** Hysteresis, so that the band does not jump to and fro. */
function choose(row: Float64Array, time: Millis): void {
  if (row[hourCount]! < warmUp || time - row[firstTime]! < compareFrom) return
  if (row[hourSpread]! < 0.8 * row[levelSpread]!) row[byHour] = 1
  else if (row[hourSpread]! > 0.95 * row[levelSpread]!) row[byHour] = 0
}

/** A peak is a distance that is not exceeded in the 40 readings after it, so that one episode is one peak. Side 0: above. */
function learnPeak(row: Float64Array, side: number, distance: number, alerted: boolean): void {
  if (Number.isNaN(distance)) return
  const at = candidates + side * candidateFields
  if (distance <= row[at]!) {
    row[at + 1] = row[at + 1]! + 1
    if (alerted && row[at + 1]! <= alertLag) row[at + 2] = 1
    // What is an alert widens the band only once the alert has ended: it is judged by the band that it left.
    if (row[at + 2] === 1 ? alerted : row[at + 1]! < peakAge) return
    keepPeak(row, peaks + side * peaksKept, row[at]! * (row[at + 2] === 1 ? alertWeight(row) : 1))
  }
  row[at] = Math.max(0, distance)
  row[at + 1] = 0
  row[at + 2] = alerted ? 1 : 0
}

/** An alert is remembered less, so that it is one again; what is one again and again is usual. */
function alertWeight(row: Float64Array): number {
  return row[oftenAlerted]! >= often ? 1 : alertedWeight
}

function countAlert(row: Float64Array, time: Millis): void {
  const fading = Math.max(0, 1 - (time - row[lastAlerted]!) / oftenMs)
  row[oftenAlerted] = row[oftenAlerted]! * fading + 1
  row[lastAlerted] = time
}

function keepPeak(row: Float64Array, first: number, size: number): void {
  let i = first + peaksKept - 1
  if (size <= row[i]!) return
  while (i > first && row[i - 1]! < size) {
    row[i] = row[i - 1]!
    i--
  }
  row[i] = size
}

/** What lasts becomes usual, so that every alert ends. */
function relearn(row: Float64Array, now: Now, params: Params): void {
  if (Number.isNaN(row[openSince]!)) {
    row[openSince] = now.time
    countAlert(row, now.time)
  }
  if (now.time - row[openSince]! < param(band, params, 'relearnMs')) return
  const values = recent(row, row[count]! + 1).map((each) => each.value)
  if (values.length < ringSize) return
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const spread = toSpread * (values.reduce((sum, value) => sum + Math.abs(value - mean), 0) / values.length)
  const hourly = hourExpected(row, now.time)
  row[level] = mean
  row[levelSpread] = Math.max(row[levelSpread]!, spread)
  row[hourSpread] = Math.max(row[hourSpread]!, spread)
  if (!Number.isNaN(hourly)) row[offset] = mean - hourly
  row[openSince] = now.time
}
