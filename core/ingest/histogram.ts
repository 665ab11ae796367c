import type { Millis } from '../contract/model.ts'

/** Upper ends of the bins in milliseconds: ten a decade (Renard's series), from 0.1 ms to 100 s; one bin more is beyond. */
export const bounds: readonly Millis[] = [0.1, 1, 10, 100, 1_000, 10_000]
  .flatMap((decade) => [1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8].map((step) => Number((decade * step).toPrecision(3))))
  .concat(100_000)

/** Durations by size, since the program started. */
export interface Counts {
  /** One for each of `bounds`, and what is longer. */
  readonly bins: Float64Array
  /** Of all of them, in milliseconds. */
  readonly sum: Millis
}

/** Counts durations in fixed bins: nothing is allocated, and none is forgotten. */
export class Histogram implements Counts {
  readonly bins = new Float64Array(bounds.length + 1)
  sum: Millis = 0

  /** `times`: so many of the same duration. */
  count(duration: Millis, times = 1): void {
    this.bins[binOf(duration)]! += times
    this.sum += duration * times
  }

  /** As of now. */
  copy(): Counts {
    return { bins: this.bins.slice(), sum: this.sum }
  }
}

/**
 * The duration that a share of those counted between two copies did not pass; null when there were none.
 * Within its bin they are taken as evenly spread.
 */
export function quantile(later: Counts, earlier: Counts | null, share: number): Millis | null {
  const bins = earlier === null ? later.bins : later.bins.map((n, i) => n - earlier.bins[i]!)
  const total = bins.reduce((sum, n) => sum + n, 0)
  if (total === 0) return null
  let below = 0
  for (const [i, n] of bins.entries()) {
    if (n > 0 && below + n >= share * total) return within(i, (share * total - below) / n)
    below += n
  }
  return bounds.at(-1)!
}

function within(bin: number, share: number): Millis {
  const low = bin === 0 ? 0 : bounds[bin - 1]!
  const high = bounds[bin] ?? low
  return low + (high - low) * share
}

function binOf(duration: Millis): number {
  let low = 0
  let high = bounds.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (duration <= bounds[middle]!) high = middle
    else low = middle + 1
  }
  return low
}
