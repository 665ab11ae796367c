import type { AlertDetail } from '../contract/calls.ts'
import type { Alert } from '../contract/model.ts'
import { type Bucket, minuteOf } from './bucket.ts'
import type { SeriesEntry } from './catalogue.ts'
import type { Instant } from './instant.ts'
import type { Views } from './views.ts'

const week = 7 * 24 * 60
const bins = 40

/** How the signal was spread in the week before the alert: means of its minutes, counted by their readings. */
export function distributionOf(
  { buckets }: Views,
  instant: Instant,
  { id, type }: SeriesEntry,
  alert: Alert,
): AlertDetail['distribution'] {
  if (type !== 'number') return null
  const until = minuteOf(alert.since)
  const found = buckets.range(instant, id, until - week, until)
  return found.length < 2 ? null : histogram(found, alert.explanation.observed)
}

function histogram(found: readonly Bucket[], observed: number | null): AlertDetail['distribution'] {
  const means = found.map(({ sum, n }) => sum / n)
  const low = least(means, observed ?? Infinity)
  const width = (-least(means.map(negative), observed === null ? Infinity : -observed) - low) / bins
  if (!(width > 0)) return null
  const counts = new Float64Array(bins)
  means.forEach((mean, i) => {
    const bin = Math.min(bins - 1, Math.floor((mean - low) / width))
    counts[bin] = counts[bin]! + found[i]!.n
  })
  return { edges: Float64Array.from({ length: bins + 1 }, (_, i) => low + i * width), counts }
}

function least(values: readonly number[], other: number): number {
  return values.reduce((a, b) => Math.min(a, b), other)
}

function negative(value: number): number {
  return -value
}
