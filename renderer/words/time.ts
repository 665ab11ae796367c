import type { Millis } from '../../core/contract/model.ts'
import { thin } from './number.ts'

/** Writes instants in one time zone. */
export interface Clock {
  readonly zone: string
  /** "14:06:12" */
  time(at: Millis): string
  /** "14:06" */
  minute(at: Millis): string
  /** "24 Nov" */
  day(at: Millis): string
  /** "Tue 24 Nov 14:06:12" */
  full(at: Millis): string
  /** "Tue 24 Nov 2026, 14:06:12" */
  long(at: Millis): string
  /** "24 Nov, 14:06": for a place in a sentence. */
  moment(at: Millis): string
  /** "Tue 24" */
  weekday(at: Millis): string
  /** Start of the day that holds this instant. */
  midnight(at: Millis): Millis
  /** For a field to type in: "2026-11-24 14:06:12". */
  field(at: Millis): string
  /** The instant that such a field names in this zone; null when it names none. */
  parse(field: string): Millis | null
  /** The same instant for a tooltip: "2026-11-24 13:06:12 UTC". */
  utc(at: Millis): string
}

const clocks = new Map<string, Clock>()

/** One clock a zone; the same object each time. */
export function clockIn(zone: string): Clock {
  const known = clocks.get(zone)
  if (known !== undefined) return known
  const clock = createClock(zone)
  clocks.set(zone, clock)
  return clock
}

const secondMs = 1_000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** "45 s", "14 min", "2 h 06 min", "5 d 4 h": two units at most. */
export function age(ms: Millis): string {
  const all = Math.max(0, ms)
  if (all < minuteMs) return `${Math.floor(all / secondMs)}${thin}s`
  if (all < hourMs) return `${Math.floor(all / minuteMs)}${thin}min`
  if (all < dayMs) return two(Math.floor(all / hourMs), 'h', Math.floor((all % hourMs) / minuteMs), 'min')
  return two(Math.floor(all / dayMs), 'd', Math.floor((all % dayMs) / hourMs), 'h')
}

/** A short time with its fraction: "0.4 s", "5 s", "1 min". */
export function pace(ms: Millis): string {
  if (ms < 950) return `${(Math.round(ms / 100) / 10).toString()}${thin}s`
  if (ms < 90 * secondMs) return `${Math.round(ms / secondMs)}${thin}s`
  return age(Math.round(ms / minuteMs) * minuteMs)
}

/** A duration that a machine takes: "0.4 ms", "12 ms", "1.4 s". */
export function brief(ms: Millis): string {
  if (ms >= 999.5) return `${(Math.round(ms / 100) / 10).toString()}${thin}s`
  return `${ms < 9.95 ? (Math.round(ms * 10) / 10).toString() : Math.round(ms)}${thin}ms`
}

/** A countdown: "0:23". */
export function countdown(ms: Millis): string {
  const seconds = Math.max(0, Math.ceil(ms / secondMs))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** How far back, in words: "six days ago", "40 min ago". */
export function ago(ms: Millis): string {
  const days = Math.round(ms / dayMs)
  if (ms < dayMs) return `${age(ms)} ago`
  return days === 1 ? 'a day ago' : `${smallNumbers[days] ?? days} days ago`
}

const smallNumbers = [
  'no',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
]

function two(big: number, bigUnit: string, small: number, smallUnit: string): string {
  const rest = smallUnit === 'min' ? String(small).padStart(2, '0') : String(small)
  return small === 0 ? `${big}${thin}${bigUnit}` : `${big}${thin}${bigUnit} ${rest}${thin}${smallUnit}`
}

function createClock(zone: string): Clock {
  const read = reader(zone)
  const stamp = (at: Millis) => `${read(at, 'hour')}:${read(at, 'minute')}`
  const day = (at: Millis) => `${read(at, 'day')} ${read(at, 'month')}`
  const time = (at: Millis) => `${stamp(at)}:${read(at, 'second')}`
  const offsetAt = (at: Millis) =>
    Date.parse(`${read(at, 'month')} ${read(at, 'day')} ${read(at, 'year')} ${time(at)} UTC`) -
    Math.floor(at / secondMs) * secondMs
  const midnight = (at: Millis) => {
    const wall = Math.floor((at + offsetAt(at)) / dayMs) * dayMs
    return wall - offsetAt(wall - offsetAt(wall))
  }
  return {
    zone,
    time,
    minute: stamp,
    day,
    full: (at) => `${read(at, 'weekday')} ${day(at)} ${time(at)}`,
    long: (at) => `${read(at, 'weekday')} ${day(at)} ${read(at, 'year')}, ${time(at)}`,
    moment: (at) => `${day(at)}, ${stamp(at)}`,
    weekday: (at) => `${read(at, 'weekday')} ${read(at, 'day')}`,
    midnight,
    field: (at) => new Date(at + offsetAt(at)).toISOString().slice(0, 19).replace('T', ' '),
    parse(field) {
      const wall = Date.parse(`${field.trim().replace(' ', 'T')}Z`)
      return Number.isNaN(wall) ? null : wall - offsetAt(wall - offsetAt(wall))
    },
    utc: (at) => `${new Date(at).toISOString().replace('T', ' ').slice(0, 19)} UTC`,
  }
}

type Piece = 'weekday' | 'day' | 'month' | 'year' | 'hour' | 'minute' | 'second'

/** Intl is slow to format; the pieces of the last instant are kept. */
function reader(zone: string): (at: Millis, piece: Piece) => string {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  let last = Number.NaN
  let pieces: Partial<Record<string, string>> = {}
  return (at, piece) => {
    if (at !== last) pieces = Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]))
    last = at
    return pieces[piece] ?? ''
  }
}
