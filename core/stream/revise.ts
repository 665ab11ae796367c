import type { Alert, Millis } from '../contract/model.ts'
import { change } from './alerts.ts'
import type { Emit } from './emit.ts'
import type { Plant } from './plant.ts'
import { count, type Recent, recent, rowOf } from './rows.ts'
import type { SeriesState } from './series.ts'

/**
 * A late reading may show that an alert began at another time than was known, or ended earlier. It is judged by the
 * band that the alert was explained with; it never opens or ends an alert, and nobody is called. The bound is what a
 * series remembers, its newest 32 readings in order: what is older is charted and nothing else.
 */
export function reviseBy(plant: Plant, state: SeriesState, time: Millis, value: number, out: Emit): void {
  const row = rowOf(plant.rows, state.series.id)
  for (const watch of state.watches) {
    const alert = watch.latest === null ? undefined : plant.alerts.get(watch.latest)
    if (alert === undefined) continue
    const revised = revise(alert, recent(row, row.near[row.at + count]!), time, value)
    if (revised === null) continue
    if (watch.alert === alert.id) watch.since = revised.since
    change(plant, revised, 'revised', time, null, words(alert, revised), out)
  }
}

function revise(alert: Alert, seen: readonly Recent[], time: Millis, value: number): Alert | null {
  const outside = isOutside(alert, value)
  if (outside === null || seen.length === 0 || time < seen[0]!.time) return null
  const since = outside ? earlier(alert, seen, time) : later(alert, seen, time)
  if (since !== null) return { ...alert, since }
  return !outside && isEnd(alert, seen, time) ? { ...alert, until: time } : null
}

/** Null: the alert has no band to judge by. */
function isOutside({ explanation: { expected, observed } }: Alert, value: number): boolean | null {
  if (expected === null || observed === null) return null
  return observed < expected.low ? value < expected.low : value > expected.high
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

function words(before: Alert, after: Alert): string {
  const { since, until } = after
  if (before.until !== null && until !== null)
    return `was ${length(before.until - before.since)}, now ${length(until - since)}, by late readings`
  const moved = since - before.since
  return `began ${length(Math.abs(moved))} ${moved < 0 ? 'earlier' : 'later'}, by late readings`
}

function length(ms: Millis): string {
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`
}
