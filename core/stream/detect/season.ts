import type { Millis } from '../../contract/model.ts'
import { exp2 } from '../math.ts'
import { hoursPart, type Row, seasonPart } from '../rows.ts'
import { thousands } from '../thousands.ts'
import type { Channel } from './channel.ts'
import type { Now } from './detector.ts'
import { dayRate, learnMean, learnSpread, rateOf8, restRate, shareOf } from './means.ts'

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
  feature: ({ near, at }) => near[at + rest]!,
  words: ({ distance }) => ({
    title: distance > 0 ? 'above its usual band' : 'below its usual band',
    why: null,
  }),
}

/** Sets `usualNow` and `rest` for the reading, and learns the fast means of the rest. */
export function expectSeason(row: Row, { local, value }: Now): void {
  const { near, at } = row
  const now = Math.floor(local / hour)
  if (near[at + usualHour] !== now + 1) lookUp(row, now)
  const usual = near[at + usualNow]!
  near[at + rest] = value - usual
  if (Number.isNaN(usual)) return
  const n = near[at + rests]!
  learnMean(near, at + restRecently, near[at + rest]!, shareOf(n, rateOf8))
  learnMean(near, at + restOfDay, near[at + rest]!, shareOf(n, near[at + dayRate]!))
}

function lookUp(row: Row, now: number): void {
  row.near[row.at + usualHour] = now + 1
  row.near[row.at + usualNow] = usualAt(row, slotOf(now))
}

function usualAt({ far, from }: Row, slot: number): number {
  if (far[from + weekVisits + slot]! >= leastWeeks) return far[from + weekMean + slot]!
  const ofDay = slot % 24
  return far[from + dayVisits + ofDay]! >= leastDays ? far[from + dayMean + ofDay]! : Number.NaN
}

/** Hour of the week, from a Thursday: 1970 began on one. */
function slotOf(hours: number): number {
  return ((hours % 168) + 168) % 168
}

/** After the reading was judged. */
export function learnSeason(row: Row, { local, value }: Now): void {
  const { near, at } = row
  if (!Number.isNaN(near[at + usualNow]!)) learnRest(row)
  const now = Math.floor(local / hour)
  if (near[at + hourReadings] === 0) near[at + hourNow] = now
  else if (now > near[at + hourNow]!) closeHour(row, now) // one that comes a little late belongs to the hour in hand
  near[at + hourSum] = near[at + hourSum]! + value
  near[at + hourReadings] = near[at + hourReadings]! + 1
}

function learnRest(row: Row): void {
  const { near, at } = row
  learnSpread(near, at + restLong, near[at + rest]!, near[at + rests]!, near[at + restRate]!)
  near[at + rests] = near[at + rests]! + 1
  if (near[at + days] === firstWeek) learnFirst(row)
}

function learnFirst({ near, at, far, from }: Row): void {
  far[from + firstRests] = far[from + firstRests]! + Math.abs(near[at + rest]!)
  far[from + firstCount] = far[from + firstCount]! + 1
}

/** A day after the first week, when the first rests from what is usual in a week are known. */
export function isWeekKnown({ near, at }: Row): boolean {
  return near[at + days] === firstWeek + 1
}

/** The spread of those, once; then NaN. */
export function spreadOfWeek({ far, from }: Row): number {
  const n = far[from + firstCount]!
  if (n === 0) return Number.NaN
  far[from + firstCount] = 0
  return (toSpread * far[from + firstRests]!) / n
}

function closeHour(row: Row, now: number): void {
  const { near, at } = row
  const slot = slotOf(near[at + hourNow]!)
  learnSlot(row, dayMean + (slot % 24), dayVisits + (slot % 24), dayHalfLife)
  learnSlot(row, weekMean + slot, weekVisits + slot, weekHalfLife)
  const today = Math.floor(now / 24)
  if (today !== near[at + dayNow]) near[at + days] = near[at + days]! + 1
  near[at + dayNow] = today
  near[at + hourNow] = now
  near[at + hourSum] = near[at + hourReadings] = near[at + usualHour] = 0
}

function learnSlot({ near, at, far, from }: Row, mean: number, visits: number, least: number): void {
  const n = far[from + visits]!
  let d = near[at + hourSum]! / near[at + hourReadings]! - far[from + mean]!
  if (n > 0 && near[at + rests]! > clipFrom) {
    const most = clip * near[at + restLong + 1]!
    d = d > most ? most : d < -most ? -most : d
  }
  far[from + visits] = n + 1
  far[from + mean] = far[from + mean]! + shareOf(n, least) * d
}

/** Whole days that were learned. */
export function learnedDays({ near, at }: Row): number {
  return near[at + days]!
}

const weekdays = ['Thursdays', 'Fridays', 'Saturdays', 'Sundays', 'Mondays', 'Tuesdays', 'Wednesdays']

/** What the expectation of this hour was learned from; null where the season is not known. */
export function seasonWords({ far, from }: Row, local: Millis): string | null {
  const slot = slotOf(Math.floor(local / hour))
  const at = slot % 24
  const weeks = far[from + weekVisits + slot]!
  const hours = `${at}-${at + 1} h`
  if (weeks >= leastWeeks) return `${weekdays[Math.floor(slot / 24)]} ${hours}, ${counted(weeks, 'week')} learned`
  const known = far[from + dayVisits + at]!
  return known >= leastDays ? `${hours}, ${counted(known, 'day')} learned` : null
}

function counted(n: number, unit: string): string {
  return n === 1 ? `1 ${unit}` : `${thousands(n)} ${unit}s`
}
