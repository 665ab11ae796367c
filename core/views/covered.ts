import type { Coverage, Gap } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis } from '../contract/model.ts'
import type { LogReader } from '../log/reader.ts'
import { hourOf, minuteOf } from './bucket.ts'
import { laid, type Span } from './gaps.ts'
import type { Instant } from './instant.ts'

export const maxGaps = 500
const usualSpan: Millis = 7 * 86_400_000

export type Asked = { readonly from: Millis | null; readonly until: Millis | null }

/** Never behind the instant. */
export function spanOf({ time }: Instant, asked: Asked): Span {
  const until = Math.min(asked.until ?? time, time)
  const from = asked.from ?? until - usualSpan
  if (!(until > from)) throw new FieldError('bad_input', `until ${until} is not after from ${from}`, { path: 'until' })
  return { from, until }
}

/** Null: the log holds all that ever came. */
export function keptSince(log: LogReader): Millis | null {
  return log.base() > 0 ? log.firstTime() : null
}

/** What retention dropped covers whatever was known of its time. */
export function coverageOf(
  log: LogReader,
  span: Span,
  since: Millis,
  found: { readonly gaps: readonly Gap[]; readonly more: boolean },
): Coverage {
  if (since >= span.until) return { since: null, gaps: [], more: false, gapMs: 0 }
  const kept = keptSince(log) ?? since
  const known = { from: Math.max(span.from, since), until: span.until }
  const dropped = kept > known.from ? [{ ...notKept, from: known.from, until: Math.min(kept, span.until) }] : []
  const gaps = laid(dropped, found.gaps).filter((gap) => touches(gap, known))
  return { since, gaps, more: found.more, gapMs: lengthIn(gaps, known) }
}

const notKept = { cause: 'no longer kept', detail: null, late: 0 } as const

export function touches({ from, until }: Gap, span: Span): boolean {
  return from < span.until && (until ?? Infinity) > span.from
}

function lengthIn(gaps: readonly Gap[], span: Span): Millis {
  const ends = gaps.map(({ from, until }) => Math.min(until ?? Infinity, span.until) - Math.max(from, span.from))
  return ends.reduce((a, b) => a + b, 0)
}

/** Whole hours and minutes that a span is summed up of: [from, firstHour * 60), [firstHour, endHour), [endHour * 60, end). */
export interface Parts {
  readonly from: number
  readonly firstHour: number
  readonly endHour: number
  readonly end: number
  /** The minute `end` runs at the instant, and what came later is in its sums: its records are counted that were there. */
  readonly running: boolean
}

/** `newest` is the minute that is open in the views. */
export function partsOf(instant: Instant, { from, until }: Span, newest: number): Parts {
  const live = instant.live && until === instant.time
  const end = live ? Math.max(minuteOf(until), newest) + 1 : minuteOf(until) // a clock that went back is behind the log
  const firstHour = hourOf(minuteOf(from) + 59)
  const endHour = Math.max(firstHour, Math.min(hourOf(end), hourOf(newest)))
  return { from: minuteOf(from), firstHour, endHour, end, running: !instant.live && until === instant.time }
}
