import type { Millis } from '../../contract/model.ts'
import { exp2 } from '../math.ts'
import { hoursPart, seasonPart } from '../series.ts'
import { thousands } from '../thousands.ts'
import type { Channel } from './channel.ts'
import { dayRate, learnMean, learnSpread, rateOf8, restRate } from './means.ts'

// What is usual at this hour of the week, or of the day where the week is not known yet; and the means of what is left.
// Hours are those of the clock on the plant's wall, because people and machines begin their day by it.
/** Hour since 1970 that is being summed up. */
const hourNow = seasonPart
const hourSum = seasonPart + 1
const hourReadings = seasonPart + 2
const dayNow = seasonPart + 3
const days = seasonPart + 4
/** Usual value of the hour of the reading in hand; NaN: not known. */
export const usualNow = seasonPart + 5
/** How far the reading in hand is from it, and of how many that is known. */
export const rest = seasonPart + 6
export const rests = seasonPart + 7
export const restRecently = seasonPart + 8
export const restOfDay = seasonPart + 9
export const restLong = seasonPart + 10
/** One more than the hour whose usual value is in `usualNow`, so that it is looked up once an hour; 0: none. */
const usualHour = seasonPart + 12
const dayMean = hoursPart
const dayVisits = dayMean + 24
const weekMean = dayVisits + 24
const weekVisits = weekMean + 168
/** Distances from the usual value on the first day after the first week: their sum, and how many. */
const firstRests = weekVisits + 168
const firstCount = firstRests + 1

const hour: Millis = 3_600_000
const leastDays = 4
const leastWeeks = 1
const firstWeek = 8
/** From a mean distance to the spread of a normal distribution. */
const toSpread = 1.25
const muchLess = 0.6
const dayHalfLife = 1 - exp2(-1 / 5)
const weekHalfLife = 1 - exp2(-1 / 3)
const clipFrom = 400
const clip = 4

export const season: Channel = {
  id: 'season',
  version: 1,
  doc: 'A value that is usual, at an hour at which it is not.',
  least: 3,
  plain: false,
  absolute: true,
  upward: false,
  lasts: 1,
  feature: (row) => row[rest]!,
  words: ({ distance }) => ({
    title: distance > 0 ? 'above its usual band' : 'below its usual band',
    why: null,
  }),
}

/** Sets `usualNow` and `rest` for the reading, and learns the fast means of the rest. */
export function expectSeason(row: Float64Array, time: Millis, value: number): void {
  const now = Math.floor(time / hour)
  if (row[usualHour] !== now + 1) {
    row[usualHour] = now + 1
    row[usualNow] = usualAt(row, slotOf(now))
  }
  const usual = row[usualNow]!
  row[rest] = value - usual
  if (Number.isNaN(usual)) return
  const n = row[rests]!
  learnMean(row, restRecently, row[rest]!, n, rateOf8)
  learnMean(row, restOfDay, row[rest]!, n, row[dayRate]!)
}

function usualAt(row: Float64Array, slot: number): number {
  if (row[weekVisits + slot]! >= leastWeeks) return row[weekMean + slot]!
  const ofDay = slot % 24
  return row[dayVisits + ofDay]! >= leastDays ? row[dayMean + ofDay]! : Number.NaN
}

/** Hour of the week, from a Thursday: 1970 began on one. */
function slotOf(hours: number): number {
  return ((hours % 168) + 168) % 168
}

/** After the reading was judged. */
export function learnSeason(row: Float64Array, time: Millis, value: number): void {
  if (!Number.isNaN(row[usualNow]!)) {
    learnSpread(row, restLong, row[rest]!, row[rests]!, row[restRate]!)
    row[rests] = row[rests]! + 1
    if (row[days] === firstWeek) learnFirst(row)
  }
  const now = Math.floor(time / hour)
  if (row[hourReadings] === 0) row[hourNow] = now
  else if (now > row[hourNow]!) closeHour(row, now) // one that comes a little late belongs to the hour in hand
  row[hourSum] = row[hourSum]! + value
  row[hourReadings] = row[hourReadings]! + 1
}

function learnFirst(row: Float64Array): void {
  row[firstRests] = row[firstRests]! + Math.abs(row[rest]!)
  row[firstCount] = row[firstCount]! + 1
}

/**
 * Once, a day after the first week: the series follows the week, so what was learned of the season before, when only
 * the day was known, is of another series. `spread` is that of the rests so far.
 */
export function weekIsNews(row: Float64Array, spread: number): boolean {
  if (row[firstCount] === 0 || row[days] !== firstWeek + 1) return false
  const now = (toSpread * row[firstRests]!) / row[firstCount]!
  row[firstCount] = 0
  return now < muchLess * spread
}

function closeHour(row: Float64Array, now: number): void {
  const slot = slotOf(row[hourNow]!)
  const mean = row[hourSum]! / row[hourReadings]!
  learnSlot(row, dayMean + (slot % 24), dayVisits + (slot % 24), mean, dayHalfLife)
  learnSlot(row, weekMean + slot, weekVisits + slot, mean, weekHalfLife)
  const today = Math.floor(now / 24)
  if (today !== row[dayNow]) row[days] = row[days]! + 1
  row[dayNow] = today
  row[hourNow] = now
  row[hourSum] = row[hourReadings] = row[usualHour] = 0
}

function learnSlot(row: Float64Array, at: number, visits: number, mean: number, least: number): void {
  const n = row[visits]!
  let d = mean - row[at]!
  if (n > 0 && row[rests]! > clipFrom) {
    const most = clip * Math.sqrt(row[restLong + 1]!)
    d = d > most ? most : d < -most ? -most : d
  }
  row[visits] = n + 1
  row[at] = row[at]! + Math.max(least, 1 / (n + 1)) * d
}

/** Whole days that were learned. */
export function learnedDays(row: Float64Array): number {
  return row[days]!
}

const weekdays = ['Thursdays', 'Fridays', 'Saturdays', 'Sundays', 'Mondays', 'Tuesdays', 'Wednesdays']

/** What the expectation of this hour was learned from; null where the season is not known. */
export function seasonWords(row: Float64Array, time: Millis): string | null {
  const slot = slotOf(Math.floor(time / hour))
  const at = slot % 24
  const weeks = row[weekVisits + slot]!
  const hours = `${at}-${at + 1} h`
  if (weeks >= leastWeeks) return `${weekdays[Math.floor(slot / 24)]} ${hours}, ${counted(weeks, 'week')} learned`
  const known = row[dayVisits + at]!
  return known >= leastDays ? `${hours}, ${counted(known, 'day')} learned` : null
}

function counted(n: number, unit: string): string {
  return n === 1 ? `1 ${unit}` : `${thousands(n)} ${unit}s`
}
