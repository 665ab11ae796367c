import type { Millis } from '../contract/model.ts'

/** Upper ends of the bins in milliseconds: ten a decade (Renard's series), from 0.1 ms to 100 s; one bin more is beyond. */
const bounds: readonly Millis[] = [0.1, 1, 10, 100, 1_000, 10_000]
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
