import type { Millis } from '../../contract/model.ts'
import { bandFar, bandPart, firstOffset, type Row } from '../rows.ts'
import { thousands } from '../thousands.ts'
import { channels, features, feel } from './channels.ts'
import { type Detector, isOutside, type Now, type Params, param, type Verdict, type Words } from './detector.ts'
import { isMeasurement } from './kind.ts'
import { forgetNear, isAfterGap, learnFar, learnNear, learnRates, long, reads, scaleOf } from './means.ts'
import {
  allowAlert,
  forget,
  forgetAlert,
  isLearned,
  lessDoubt,
  meanOf,
  oneIn,
  share,
  spreadOf,
  usualPeak,
  weigh,
  weighed,
} from './memory.ts'
import { breakPattern, learnPattern } from './pattern.ts'
import { expectSeason, isWeekKnown, learnSeason, seasonWords, spreadOfWeek, usualNow } from './season.ts'

// Nine small statistics, each asking "how far from usual, and how rare is that here?". Their answers are powers of ten
// that add up to one score: several that speak at once are an alert where one alone would not be.

const valueChannel = channels.findIndex(({ id }) => id === 'value')
const seasonChannel = channels.findIndex(({ id }) => id === 'season')
const seasonChannels = ['season', 'season-shift', 'drift'].map((id) => channels.findIndex((each) => each.id === id))

/** 1: the band follows the season. */
const seasonal = bandPart
/** The band as it stands: its middle (of a seasonal one against the usual value of the hour), spread and half-width. */
const middleAt = bandPart + 1
const spreadAt = bandPart + 2
const halfAt = bandPart + 3
/** Readings before the next alert may open. */
const pauseAt = bandPart + 4
/** Since when the band is held; 0: it is not. */
const heldSince = bandPart + 5
/** Readings in a row that were unusual. */
const unusualRun = bandPart + 6
/** What a person says that the alert is which is open; 0: nothing. */
const marked = bandPart + 7
const fault = 1
const itsWay = 2
const firstTime = bandFar

const hour: Millis = 3_600_000
const day = 24 * hour
const leastWidth = 3
/** Readings of a channel that is at rest. */
const pauseReadings = 60
const leastUnusual: Millis = 8_000
/** What lasts becomes usual, so that every alert ends. */
const relearnMs = 2 * day
/** What a channel must say before it counts; less of it, `lessDoubt`, where it is asked how bad it is, because then all signs count. */
const doubt = 1.4
/** Who is younger calls nobody at once, unless it is twice as rare. */
const youngMs = 2 * day
/** So much less is left of a series by the week than by the day, where it follows the week. */
const muchLess = 0.6

/** The usual behaviour of a measurement, learned per series. */
export const band: Detector = {
  id: 'band',
  version: 4,
  looksFor: 'outside its usual band',
  doc: 'Opens when a value, its level, its noise or its pattern is unlike everything that was learned of it.',
  params: [
    {
      name: 'score',
      label: 'Rarity',
      least: 0.1,
      most: 100,
      default: 3,
      unit: 'powers of ten',
      doc: 'How rare it must be, all its signs together. Half of it keeps an alert open.',
    },
    {
      name: 'act',
      label: 'Critical from',
      least: 0.1,
      most: 100,
      default: 5,
      unit: 'powers of ten',
      doc: 'From here on it is critical, once it was unusual twice in a row.',
    },
  ],
  clearReadings: 24,
  step,
  words,
  late: isOutside,
}

const { rare } = weighed

/** Where this reading was expected, from what was learned before it. An alert holds the band that its value has left. */
export function expect(row: Row, now: Now, open: boolean): void {
  const { near, at } = row
  expectSeason(row, now)
  if (!open) near[at + heldSince] = near[at + marked] = 0
  else if (near[at + heldSince] === 0) near[at + heldSince] = now.time
  if (!isHeld(row, now)) settle(row)
  if (!isMeasurement(row) || !isLearned(row, valueChannel)) {
    now.low = now.high = now.middle = now.z = Number.NaN
    return
  }
  const usual = near[at + seasonal] === 1 ? near[at + usualNow]! : 0
  const middle = Number.isNaN(usual) ? near[at + long]! : usual + near[at + middleAt]!
  now.middle = middle
  now.low = middle - near[at + halfAt]!
  now.high = middle + near[at + halfAt]!
  now.z = (now.value - middle) / Math.max(near[at + spreadAt]!, 1e-300)
}

function isHeld({ near, at }: Row, { time }: Now): boolean {
  return near[at + heldSince]! > 0 && time - near[at + heldSince]! < relearnMs
}

function settle(row: Row): void {
  const { near, at } = row
  const follows = followsSeason(row)
  const c = follows ? seasonChannel : valueChannel
  const spread = spreadOf(row, c) + share * scaleOf(row)
  const peak = usualPeak(row, c)
  near[at + seasonal] = follows ? 1 : 0
  near[at + middleAt] = meanOf(row, c) + (follows ? 0 : near[at + long]!)
  near[at + spreadAt] = spread
  near[at + halfAt] = Math.max(leastWidth * spread, follows ? peak : peak * spread)
}

/** Hysteresis, so that the band does not jump to and fro. */
function followsSeason(row: Row): boolean {
  if (!isLearned(row, seasonChannel)) return false
  const most = row.near[row.at + seasonal] === 1 ? 0.95 : 0.8
  return spreadOf(row, seasonChannel) < most * spreadOf(row, valueChannel)
}

/** Scores a reading, then learns from it; sets `now.score`. Call after `expect`. */
export function learnBand(row: Row, now: Now): void {
  if (row.near[row.at + reads] === 0) begin(row, now)
  learnRates(row, now)
  if (isAfterGap(row, now)) afterGap(row, now)
  learnNear(row, now)
  learnPattern(row, now)
  feel(row, now)
  weigh(row, isHeld(row, now))
  scoreOf(row, now)
  const mark = row.near[row.at + marked]!
  if (mark !== 0) learnMarked(row, mark)
  learnFar(row, now)
  learnSeason(row, now)
  if (isWeekKnown(row)) learnWeek(row)
}

function begin(row: Row, now: Now): void {
  row.far[row.from + firstTime] = now.time
  row.far[row.from + firstOffset] = now.offset
}

/** It is neither a jump from what was long before, nor a spike together with it. */
function afterGap(row: Row, now: Now): void {
  forgetNear(row, now)
  breakPattern(row)
}

function scoreOf(row: Row, now: Now): void {
  let score = 0
  for (let c = 0; c < rare.length; c++) if (rare[c]! > doubt) score += rare[c]! - doubt
  now.score = score > 0 && isMeasurement(row) ? score : 0
}

/** Where it follows the week, what was learned of the season when only the day was known is of another series. */
function learnWeek(row: Row): void {
  if (spreadOfWeek(row) < muchLess * spreadOf(row, seasonChannel)) for (const c of seasonChannels) forget(row, c)
}

/**
 * A person says what its newest alert was, up to its end: a fault, which is not usual, so that the next one like it is
 * found; or none, so that what it did is usual at once.
 */
export function markAlert(row: Row, useful: boolean, open: boolean): void {
  const mark = useful ? fault : itsWay
  learnMarked(row, mark)
  row.near[row.at + marked] = open ? mark : 0
}

function learnMarked(row: Row, mark: number): void {
  for (let c = 0; c < channels.length; c++)
    if (mark === fault) forgetAlert(row, c)
    else allowAlert(row, c)
}

/** As nearly every reading is: where no alert is open there is nothing to judge. After `learnBand`. */
export function isUsual({ near, at }: Row, { score }: Now): boolean {
  return score === 0 && near[at + unusualRun] === 0 && near[at + pauseAt] === 0
}

function step(row: Row, now: Now, params: Params, open: boolean): Verdict {
  const { near, at } = row
  const enough = param(band, params, 'score')
  if (open) near[at + pauseAt] = pauseReadings
  else if (isPaused(row) && now.score < 2 * enough) return 0
  const outside = isHeld(row, now) && (now.value < now.low || now.value > now.high)
  near[at + unusualRun] = now.score >= enough / 2 ? near[at + unusualRun]! + 1 : 0
  if (!open && near[at + unusualRun]! < leastRun(now)) return near[at + unusualRun]! > 0 ? 1 : 0
  if (now.score >= enough) return isGrave(row, now, params) ? 3 : 2
  return outside || now.score >= enough / 2 ? 1 : 0
}

/** What was a single reading is over before anybody comes. */
function isGrave({ near, at, far, from }: Row, now: Now, params: Params): boolean {
  if (near[at + unusualRun]! < 2) return false
  let sum = 0
  for (const each of rare) sum += Math.max(0, each - lessDoubt)
  const young = now.time - far[from + firstTime]! < youngMs
  return sum >= param(band, params, 'act') * (young ? 2 : 1)
}

/** A fast series must be unusual for some seconds. */
function leastRun({ every }: Now): number {
  return Math.floor(leastUnusual / every) // NaN and 0 ask for none
}

/** After an alert, what comes next is still about it. */
function isPaused({ near, at }: Row): boolean {
  if (near[at + pauseAt] === 0) return false
  near[at + pauseAt] = near[at + pauseAt]! - 1
  return true
}

/** Named by the channel that says most. */
function words(row: Row, now: Now): Words {
  let c = 0
  for (let i = 1; i < channels.length; i++) if (rare[i]! > rare[c]!) c = i
  const said = { distance: weighed.distance[c]!, spread: weighed.spread[c]!, feature: features[c]! }
  const { why, ...channel } = channels[c]!.words(said, row)
  const learned = learnedWords(row, now)
  return {
    ...channel,
    expected: Number.isNaN(now.middle) ? null : { low: now.low, high: now.high },
    why: why === null ? learned : `${why}; ${learned}`,
    rarity: oneIn(row, c),
  }
}

function learnedWords(row: Row, { time, local }: Now): string {
  const { near, at, far, from } = row
  const hours = near[at + seasonal] === 1 ? seasonWords(row, local) : null
  if (hours !== null) return hours
  const span = time - far[from + firstTime]!
  const learned = span < 2 * day ? `${Math.round(span / hour)} hours` : `${thousands(Math.round(span / day))} days`
  return `the usual level, ${thousands(near[at + reads]! - 1)} readings in ${learned}`
}
