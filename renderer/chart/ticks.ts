import type { Millis } from '../../core/contract/model.ts'
import { isExtreme, powered, scaleOf } from '../words/number.ts'
import type { Clock } from '../words/time.ts'

/** At most `most` round values inside [low, high], ascending. */
export function valueTicks(low: number, high: number, most: number): number[] {
  const span = high - low
  if (!(span > 0) || !Number.isFinite(span)) return [low]
  const step = roundStep(span / Math.max(1, most))
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

const minute = 60_000
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080].map((minutes) => minutes * minute)

/** Instants at round local times inside [from, until]; at most `most` of them. */
export function timeTicks(from: Millis, until: Millis, most: number, clock: Clock): Millis[] {
  const step =
    steps.find((size) => (until - from) / size <= most) ??
    Math.ceil((until - from) / most / steps.at(-1)!) * steps.at(-1)!
  const midnight = clock.midnight(from)
  const first = midnight + Math.ceil((from - midnight) / step) * step
  const ticks: Millis[] = []
  for (let at = first; at <= until; at += step) ticks.push(at)
  return ticks
}

/** A tick as written under an axis: the day at midnight and for steps of days, else the minute. */
export function timeLabel(at: Millis, step: Millis, clock: Clock): string {
  if (step >= 1440 * minute || at === clock.midnight(at)) return clock.day(at)
  return clock.minute(at)
}

/** The axis words of evenly rounded values: each with the decimals that its step needs, and short where they are large. */
export function valueLabels(ticks: readonly number[]): string[] {
  const step = ticks.length < 2 ? Math.abs(ticks[0] ?? 1) / 10 || 1 : ticks[1]! - ticks[0]!
  const largest = Math.max(...ticks.map(Math.abs))
  if (isExtreme(largest)) return ticks.map((tick) => powered(tick, digitsOf(largest, step)))
  const [scale, letter] = largest < 100_000 ? [1, ''] : scaleOf(largest)
  const decimals = decimalsOf(step / scale)
  const words = { minimumFractionDigits: decimals, maximumFractionDigits: decimals }
  return ticks.map((tick) => `${(tick / scale).toLocaleString('en', words).replace('-', '\u2212')}${letter}`)
}

/** Behind the first, so that two ticks are not written alike. */
function digitsOf(largest: number, step: number): number {
  const power = Math.floor(Math.log10(step))
  return Math.max(0, Math.floor(Math.log10(largest)) - power) + decimalsOf(step / 10 ** power)
}

/** The least decimals that write a step exactly: 0.25 needs two. */
function decimalsOf(step: number): number {
  for (let decimals = 0; decimals < 8; decimals++) {
    const scaled = step * 10 ** decimals
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6) return decimals
  }
  return 8
}

function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough))
  const lead = rough / power
  return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 2.5 ? 2.5 : lead <= 5 ? 5 : 10) * power
}
