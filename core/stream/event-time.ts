import type { Millis, ZoneChanges } from '../contract/model.ts'

const second = 1_000
const day = 86_400 * second
const oldest = 365 * day
const newest = 300 * second

/** A reading further behind its arrival than this is history: learned and charted, never a reason to call anyone. */
export const historicalMs: Millis = 600 * second

/**
 * The device's time, with what is known of its clock, when that is believable (at most a year old, at most 5 minutes
 * ahead of arrival), else arrival.
 */
export function eventTime(deviceTime: Millis, arrival: Millis, behind: Millis): Millis {
  const time = deviceTime + behind
  const believable = time >= arrival - oldest && time <= arrival + newest
  return believable ? time : arrival // NaN is not believable either
}

/** Epoch seconds, milliseconds, microseconds or nanoseconds by size, as milliseconds. NaN when it is not finite. */
export function epochMillis(value: number): Millis {
  const size = value < 0 ? -value : value
  if (size < 1e11) return value * 1e3
  if (size < 1e14) return value
  if (size < 1e17) return value / 1e3
  return size < 1e20 ? value / 1e6 : Number.NaN
}

const iso = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s?(Z|z|[+-]\d\d:?\d\d)?$/

/** ISO 8601; without a zone it is a time of the plant, so that no machine's own zone decides. NaN when it is not a time. */
export function isoMillis(text: string, plant: { readonly zone: () => ZoneChanges }): Millis {
  const match = iso.exec(text)
  if (match === null) return Number.NaN
  const [, year, month, date, hour, minute, seconds, fraction, named] = match
  const days = daysSince1970(Number(year), Number(month), Number(date))
  const clock = (Number(hour ?? 0) * 60 + Number(minute ?? 0)) * 60 + Number(seconds ?? 0)
  const milli = fraction === undefined ? 0 : Number(`${fraction}00`.slice(0, 3))
  const local = days * day + clock * second + milli
  return named === undefined ? utcOf(local, plant.zone()) : local - zoneMillis(named)
}

/**
 * Where a clock on the wall shows `local`. In the hour that comes twice in autumn it is the second: in the first one the
 * device then seems to be ahead, and its arrival is taken.
 */
export function utcOf(local: Millis, zone: ZoneChanges): Millis {
  const after = offsetAt(local + day, zone)
  return offsetAt(local - after, zone) === after ? local - after : local - offsetAt(local - day, zone)
}

/** What a clock on the wall shows, as if it were UTC. */
export function localOf(utc: Millis, zone: ZoneChanges): Millis {
  return utc + offsetAt(utc, zone)
}

function offsetAt(utc: Millis, zone: ZoneChanges): Millis {
  let low = 0
  let high = zone.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (zone[middle]![0] <= utc) low = middle
    else high = middle - 1
  }
  return zone[low]?.[1] ?? 0
}

function zoneMillis(zone: string): Millis {
  if (zone === 'Z' || zone === 'z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))
  return (zone.startsWith('-') ? -minutes : minutes) * 60 * second
}

/** Days of the civil calendar (Howard Hinnant's algorithm). */
function daysSince1970(year: number, month: number, date: number): number {
  if (month < 1 || month > 12 || date < 1 || date > 31) return Number.NaN
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + date - 1
  const yearOfEra = y - era * 400
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}
