import type { Alert, Millis } from '../contract/model.ts'
import { change, type Watch } from './alerts.ts'
import type { Late } from './detect/detector.ts'
import type { Emit } from './emit.ts'
import type { Plant } from './plant.ts'
import { count, type Recent, recent, rowOf } from './rows.ts'
import type { SeriesState } from './series.ts'

/**
 * The reading in hand, which came late, may show that an alert began at another time than was known, or ended at another. Its detector says so
 * by the readings around it; it never opens or ends an alert, and nobody is called. The bound is what a series remembers,
 * its newest 32 readings: what is older is charted and nothing else.
 */
export function reviseBy(plant: Plant, state: SeriesState, late: boolean, out: Emit): void {
  const { time, value, text } = plant.now
  if (!state.own) return
  const row = rowOf(plant.rows, state.series.id)
  const seen = [...recent(row, row.near[row.at + count]!)].sort((a, b) => a.time - b.time)
  for (const watch of state.watches) {
    const alert = watch.latest === null ? undefined : plant.alerts.get(watch.latest)
    if (alert === undefined || seen.length === 0 || time < seen[0]!.time) continue
    if (!late && watch.detector.counts) continue // it is judged
    const { expected, observed } = alert.explanation
    const { rule, codes } = watch
    const { since } = alert
    const revised = revise(alert, watch, {
      time,
      value,
      text,
      named: rule.states ?? [],
      codes,
      seen,
      expected,
      observed,
      since,
    })
    if (revised === null) continue
    change(
      plant,
      { ...alert, since: revised.since, until: alert.until === null ? null : revised.until },
      'revised',
      time,
      null,
      words(alert, revised),
      out,
    )
    if (watch.alert === alert.id) goOn(watch, revised)
  }
}

type Span = Pick<Alert, 'since' | 'until'>

function revise(alert: Alert, { detector, rule, ends }: Watch, late: Late): Span | null {
  if (detector.span !== undefined) return grown(alert, ends, detector.span(late, rule.params, alert.since))
  const outside = detector.late?.(late, rule.params) ?? null
  if (outside === null) return null
  const { time, seen } = late
  const since = outside ? earlier(alert, seen, time) : later(alert, seen, time)
  if (since !== null) return { ...alert, since }
  return !outside && isEnd(alert, seen, time) ? { ...alert, until: time } : null
}

/** One reading more can only make it longer. */
function grown({ since, until }: Alert, ends: Millis, span: Span | null): Span | null {
  if (span === null) return null
  const end = until ?? ends
  if (span.since >= since && span.until! <= end) return null
  return { since: Math.min(span.since, since), until: Math.max(span.until!, end) }
}

/** What ends by itself does so later: its deadline is looked at when it comes. */
function goOn(watch: Watch, { since, until }: Span): void {
  watch.since = since
  if (watch.detector.span !== undefined) watch.ends = until!
}

/** Outside before the alert began, and nothing between says that it was in order. */
function earlier({ since }: Alert, seen: readonly Recent[], time: Millis): Millis | null {
  return time < since && isQuiet(seen, time, since) ? time : null
}

/** In order after the alert began by a late reading: then it began with the first reading that came in order. */
function later({ since }: Alert, seen: readonly Recent[], time: Millis): Millis | null {
  const first = seen.find((each) => each.time >= since)?.time ?? since
  return time > since && time < first ? first : null
}

/** In order before the end that was known, and nothing between says that it was not. */
function isEnd({ since, until }: Alert, seen: readonly Recent[], time: Millis): boolean {
  return until !== null && time > since && time < until && isQuiet(seen, time, until)
}

function isQuiet(seen: readonly Recent[], from: Millis, until: Millis): boolean {
  return !seen.some((each) => each.time > from && each.time < until)
}

function words(before: Alert, { since, until }: Span): string {
  if (before.until !== null && until !== null)
    return `was ${length(before.until - before.since)}, now ${length(until - since)}, by late readings`
  const moved = since - before.since
  return `began ${length(Math.abs(moved))} ${moved < 0 ? 'earlier' : 'later'}, by late readings`
}

function length(ms: Millis): string {
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`
}
