import type { At, Timeline } from '../../core/contract/calls.ts'
import type { Millis } from '../../core/contract/model.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** A stretch of time that the bar shows. */
export interface Span {
  readonly from: Millis
  readonly until: Millis
}

const spans = [day, 3 * day, 7 * day, 14 * day, 30 * day, 90 * day, 366 * day]

/**
 * The stretch that ends now and holds the instant shown with room to its left: a day when live. It never begins
 * before the log by more than an hour, and its ends change once a minute, so that answers can be kept.
 */
export function spanFor(at: At, now: Millis, logFrom: Millis | null): Span {
  const until = Math.ceil(now / minute) * minute
  const kept = Math.max(hour, until - Math.floor((logFrom ?? until - day) / minute) * minute)
  const back = at === null ? 0 : (until - at) * 1.06
  const wanted = spans.find((span) => span >= back) ?? back
  return { from: until - Math.min(wanted, kept), until }
}

/** The whole log. */
export function wholeLog(now: Millis, logFrom: Millis | null): Span {
  const until = Math.ceil(now / minute) * minute
  return { from: Math.min(logFrom ?? until - day, until - hour), until }
}

/** Where an instant lies in a span, 0 to 1; outside the ends it is cut. */
export function shareOf(span: Span, at: Millis): number {
  return Math.min(1, Math.max(0, (at - span.from) / (span.until - span.from)))
}

export function instantOf(span: Span, share: number): Millis {
  return span.from + Math.min(1, Math.max(0, share)) * (span.until - span.from)
}

/** The start of the alert before (-1) or after (1) an instant; null where there is none. */
export function neighbourAlert(timeline: Timeline | undefined, at: Millis, side: -1 | 1): Millis | null {
  const starts = (timeline?.alerts ?? []).map((alert) => alert.from).sort((a, b) => a - b)
  const found = side < 0 ? starts.findLast((from) => from < at - 1_000) : starts.find((from) => from > at + 1_000)
  return found ?? null
}

/** The end of the gap that holds this instant, or the instant itself. */
export function pastGap(timeline: Timeline | undefined, at: Millis): Millis {
  const gap = timeline?.gaps.find((one) => one.from < at && one.until !== null && at < one.until)
  return gap?.until ?? at
}
