import { exp2, ln } from '../math.ts'
import { patternPart, stepsPart } from '../series.ts'
import { type Channel, figure } from './channel.ts'
import { learnMean, slow } from './means.ts'

// How often the value has gone from one of 16 bins to another: a cycle out of order goes where it seldom went.
const bins = 16
const surprise = patternPart
const surprises = patternPart + 1
/** One more than the bin of the newest value; 0: none yet. */
const bin = patternPart + 2
/** What a step counts now: older ones fade because newer ones count more. */
const weight = patternPart + 3
const steps = stepsPart
const stepsFrom = steps + bins * bins

const rateOf6 = 1 - exp2(-1 / 6)
const growth = exp2(1 / 2_000)
const mostWeight = 1e100
const doubt = 0.5
/** Bins of equal share for a logistic curve of the slow mean and spread. */
const edges = Float64Array.from({ length: bins - 1 }, (_, i) => ln((i + 1) / (bins - 1 - i)) / 1.7)

export const pattern: Channel = {
  id: 'pattern',
  version: 1,
  doc: 'A cycle out of order: steps between values that seldom follow each other.',
  least: 3,
  plain: true,
  absolute: false,
  upward: true,
  lasts: 1,
  feature: (row) => (row[surprises] === 0 ? Number.NaN : row[surprise]!),
  words: ({ feature }) => ({
    title: 'does not follow its usual pattern',
    why: `its newest steps were seldom seen before: one in ${figure(exp2(feature / Math.LN2))} from such a value`,
  }),
}

/** How surprising the step to this value is, then one more of it. Before the slow means learn from it. */
export function learnPattern(row: Float64Array, value: number): void {
  const to = binOf(row, value)
  const from = row[bin]! - 1
  row[bin] = to + 1
  if (row[weight] === 0) row[weight] = 1
  if (from < 0) return
  const at = steps + from * bins + to
  const total = stepsFrom + from
  const w = row[weight]!
  const seldom = -ln((row[at]! / w + doubt) / (row[total]! / w + doubt * bins))
  learnMean(row, surprise, seldom, row[surprises]!, rateOf6)
  row[surprises] = row[surprises]! + 1
  row[weight] = w * growth
  row[at] = row[at]! + w * growth
  row[total] = row[total]! + w * growth
  if (row[weight]! > mostWeight) rescale(row)
}

/** The next value follows none. */
export function breakPattern(row: Float64Array): void {
  row[bin] = 0
}

function binOf(row: Float64Array, value: number): number {
  const spread = Math.sqrt(row[slow + 1]!)
  const u = spread > 0 ? (value - row[slow]!) / spread : 0
  let low = 0
  let high = bins - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (u >= edges[middle]!) low = middle + 1
    else high = middle
  }
  return low
}

function rescale(row: Float64Array): void {
  for (let i = steps; i < stepsFrom + bins; i++) row[i] = row[i]! / row[weight]!
  row[weight] = 1
}
