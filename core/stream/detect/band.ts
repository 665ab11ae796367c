import type { Millis } from '../../contract/model.ts'
import { bandPart, firstOffset, meansPart, statesPart } from '../series.ts'
import { thousands } from '../thousands.ts'
import type { Channel } from './channel.ts'
import { type Detector, type Now, type Params, param, type Verdict, type Words } from './detector.ts'
import { drift } from './drift.ts'
import { jump } from './jump.ts'
import { isMeasurement } from './kind.ts'
import { level } from './level.ts'
import { forgetNear, isAfterGap, learnFar, learnNear, learnRates, long, paceOf, reads, scaleOf } from './means.ts'
import {
  episodeOf,
  forget,
  forgetAlert,
  isLearned,
  meanOf,
  oneIn,
  spreadOf,
  usualPeak,
  weigh,
  weighed,
} from './memory.ts'
import { noise } from './noise.ts'
import { breakPattern, learnPattern, pattern } from './pattern.ts'
import { expectSeason, learnSeason, season, seasonWords, usualNow, weekIsNews } from './season.ts'
import { seasonShift } from './season-shift.ts'
import { spike } from './spike.ts'
import { value } from './value.ts'

// Nine small statistics, each asking "how far from usual, and how rare is that here?". Their answers are powers of ten
// that add up to one score: several that speak at once are an alert where one alone would not be.

/** The order is that of their memory in the row. */
const channels: readonly Channel[] = [jump, value, level, noise, season, seasonShift, drift, pattern, spike]
const valueChannel = channels.indexOf(value)
const seasonChannel = channels.indexOf(season)
const seasonChannels = [season, seasonShift, drift].map((channel) => channels.indexOf(channel))

const firstTime = bandPart
/** 1: the band follows the season. */
const seasonal = bandPart + 1
/** The band as it stands: its middle (of a seasonal one against the usual value of the hour), spread and half-width. */
const middleAt = bandPart + 2
const spreadAt = bandPart + 3
const halfAt = bandPart + 4
/** Readings before the next alert may open. */
const pauseAt = bandPart + 5
const wasOpen = bandPart + 6
/** Readings in a row that were unusual. */
const unusualRun = bandPart + 8
/** Since when the band is held; 0: it is not. */
const heldSince = bandPart + 7
/** 1: a person says that the alert that is open is a fault. */
const isFault = bandPart + 9

const hour: Millis = 3_600_000
const day = 24 * hour
const leastWidth = 3
/** Readings of a channel that is at rest. */
const pauseReadings = 60
const leastUnusual: Millis = 8_000
/** What lasts becomes usual, so that every alert ends. */
const relearnMs = 2 * day
const plainFloor = 0.05
const share = 0.01
/** What a channel must say before it counts; and where it is asked how bad it is, because then all signs count. */
const doubt = 1.4
const lessDoubt = 1.2
/** Who is younger calls nobody at once, unless it is twice as rare. */
const youngMs = 2 * day

/** The usual behaviour of a measurement, learned per series. */
export const band: Detector = {
  id: 'band',
  version: 3,
  doc: 'Opens when a value, its level, its noise or its pattern is unlike everything that was learned of it.',
  params: [
    {
      name: 'score',
      default: 3,
      unit: 'powers of ten',
      doc: 'How rare it must be, all its signs together. Half of it keeps an alert open.',
    },
    {
      name: 'act',
      default: 5,
      unit: 'powers of ten',
      doc: 'From here on it is critical, once it was unusual twice in a row.',
    },
  ],
  clearReadings: 24,
  step,
  words,
}

/** Of the newest reading: see `weigh`. */
const seen = weighed(channels.length)
const features = new Float64Array(channels.length)

/** Where this reading was expected, from what was learned before it. An alert holds the band that its value has left. */
export function expect(row: Float64Array, now: Now, open: boolean): void {
  expectSeason(row, now.local, now.value)
  if (open && row[heldSince] === 0) row[heldSince] = now.time
  if (!open) row[heldSince] = row[isFault] = 0
  if (!isHeld(row, now)) settle(row)
  if (!isMeasurement(row) || !isLearned(row, valueChannel)) {
    now.low = now.high = now.middle = now.z = Number.NaN
    return
  }
  const usual = row[seasonal] === 1 ? row[usualNow]! : 0
  const middle = Number.isNaN(usual) ? row[long]! : usual + row[middleAt]!
  now.middle = middle
  now.low = middle - row[halfAt]!
  now.high = middle + row[halfAt]!
  now.z = (now.value - middle) / Math.max(row[spreadAt]!, 1e-300)
}

function isHeld(row: Float64Array, now: Now): boolean {
  return row[heldSince]! > 0 && now.time - row[heldSince]! < relearnMs
}

function settle(row: Float64Array): void {
  row[seasonal] = followsSeason(row) ? 1 : 0
  const c = row[seasonal] === 1 ? seasonChannel : valueChannel
  const spread = spreadOf(row, c) + share * scaleOf(row)
  row[middleAt] = meanOf(row, c) + (c === valueChannel ? row[long]! : 0)
  row[spreadAt] = spread
  const peak = usualPeak(row, c)
  row[halfAt] = Math.max(leastWidth * spread, channels[c]!.absolute ? peak : peak * spread)
}

/** Hysteresis, so that the band does not jump to and fro. */
function followsSeason(row: Float64Array): boolean {
  if (!isLearned(row, seasonChannel)) return false
  return spreadOf(row, seasonChannel) < (row[seasonal] === 1 ? 0.95 : 0.8) * spreadOf(row, valueChannel)
}

/** Scores a reading, then learns from it; sets `now.score`. Call after `expect`. */
export function learnBand(row: Float64Array, now: Now): void {
  if (row[reads] === 0) begin(row, now)
  learnRates(row, now.every)
  if (isAfterGap(row, now.time, now.every)) afterGap(row, now.value)
  learnNear(row, now.value)
  learnPattern(row, now.value)
  const score = weighAll(row, now)
  now.score = isMeasurement(row) ? score : 0
  if (row[isFault] === 1) forgetNewest(row)
  learnFar(row, now.value)
  learnSeason(row, now.local, now.value)
  if (weekIsNews(row, spreadOf(row, seasonChannel))) for (const c of seasonChannels) forget(row, c)
}

/** A person says that its newest alert was a fault: what it did is not usual, so that the next one like it is found. */
export function learnFault(row: Float64Array, open: boolean): void {
  forgetNewest(row)
  row[isFault] = open ? 1 : 0
}

function forgetNewest(row: Float64Array): void {
  for (let c = 0; c < channels.length; c++) forgetAlert(row, c)
}

/** As a series that was never seen, but for what kind of series it is and how often it speaks. */
export function forgetUsual(row: Float64Array): void {
  row.fill(0, meansPart, statesPart)
}

function begin(row: Float64Array, now: Now): void {
  row[firstTime] = now.time
  row[firstOffset] = now.offset
}

/** It is neither a jump from what was long before, nor a spike together with it. */
function afterGap(row: Float64Array, value: number): void {
  forgetNear(row, value)
  breakPattern(row)
}

function weighAll(row: Float64Array, now: Now): number {
  const floor = share * scaleOf(row)
  const episode = episodeOf(row, paceOf(row))
  const held = isHeld(row, now)
  let score = 0
  for (let c = 0; c < channels.length; c++) {
    const channel = channels[c]!
    const feature = channel.feature(row, now.value)
    features[c] = feature
    seen.rare[c] = 0
    if (Number.isNaN(feature)) continue
    weigh(row, c, feature, channel, channel.plain ? plainFloor : floor, episode, held, seen)
    score += Math.max(0, seen.rare[c]! - doubt)
  }
  return score
}

function step(row: Float64Array, now: Now, params: Params, open: boolean): Verdict {
  const enough = param(band, params, 'score')
  if (open) row[wasOpen] = 1
  else if (isPaused(row) && now.score < 2 * enough) return 0
  const outside = isHeld(row, now) && (now.value < now.low || now.value > now.high)
  row[unusualRun] = now.score >= enough / 2 ? row[unusualRun]! + 1 : 0
  if (!open && row[unusualRun]! < leastRun(now)) return row[unusualRun]! > 0 ? 1 : 0
  if (now.score >= enough) return isGrave(row, now, params) ? 3 : 2
  return outside || now.score >= enough / 2 ? 1 : 0
}

/** What was a single reading is over before anybody comes. */
function isGrave(row: Float64Array, now: Now, params: Params): boolean {
  if (row[unusualRun]! < 2) return false
  let sum = 0
  for (const rare of seen.rare) sum += Math.max(0, rare - lessDoubt)
  const young = now.time - row[firstTime]! < youngMs
  return sum >= param(band, params, 'act') * (young ? 2 : 1)
}

/** A fast series must be unusual for some seconds. */
function leastRun({ every }: Now): number {
  return Math.floor(leastUnusual / every) // NaN and 0 ask for none
}

/** After an alert, what comes next is still about it. */
function isPaused(row: Float64Array): boolean {
  if (row[wasOpen] === 1) row[pauseAt] = pauseReadings
  row[wasOpen] = 0
  if (row[pauseAt] === 0) return false
  row[pauseAt] = row[pauseAt]! - 1
  return true
}

/** Named by the channel that says most. */
function words(row: Float64Array, now: Now): Words {
  let c = 0
  for (let i = 1; i < channels.length; i++) if (seen.rare[i]! > seen.rare[c]!) c = i
  const said = { distance: seen.distance[c]!, spread: seen.spread[c]!, feature: features[c]! }
  const { why, ...channel } = channels[c]!.words(said, row)
  const learned = learnedWords(row, now)
  return {
    ...channel,
    expected: Number.isNaN(now.middle) ? null : { low: now.low, high: now.high },
    why: why === null ? learned : `${why}; ${learned}`,
    rarity: oneIn(row, c, seen.size[c]!),
  }
}

function learnedWords(row: Float64Array, { time, local }: Now): string {
  const hours = row[seasonal] === 1 ? seasonWords(row, local) : null
  if (hours !== null) return hours
  const span = time - row[firstTime]!
  const learned = span < 2 * day ? `${Math.round(span / hour)} hours` : `${thousands(Math.round(span / day))} days`
  return `the usual level, ${thousands(row[reads]! - 1)} readings in ${learned}`
}
