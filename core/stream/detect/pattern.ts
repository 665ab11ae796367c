import { exp2, ln } from '../math.ts'
import { lastBin as bin, patternPart, type Row, stepsPart, totalsPart } from '../rows.ts'
import { type Channel, figure } from './channel.ts'
import type { Now } from './detector.ts'
import { learnMean, shareOf, slow } from './means.ts'

// How often the value has gone from one of 16 bins to another: a cycle out of order goes where it seldom went.
const bins = 16
const surprise = patternPart
const surprises = patternPart + 1
/** What a step counts now: older ones fade because newer ones count more. */
const weight = patternPart + 3

const rateOf6 = 1 - exp2(-1 / 6)
const growth = exp2(1 / 2_000)
const mostWeight = 1e30
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
  feature: ({ near, at }) => (near[at + surprises] === 0 ? Number.NaN : near[at + surprise]!),
  words: ({ feature }) => ({
    title: 'does not follow its usual pattern',
    why: `its newest steps were seldom seen before: one in ${figure(exp2(feature / Math.LN2))} from such a value`,
  }),
}

/** How surprising the step to this value is, then one more of it. Before the slow means learn from it. */
export function learnPattern(row: Row, now: Now): void {
  const { near, at } = row
  const last = (near[at + bin]! | 0) - 1
  const to = binOf(row, now, last)
  near[at + bin] = to + 1
  if (near[at + weight] === 0) near[at + weight] = 1
  if (last >= 0) learnStep(row, last, to)
}

function learnStep(row: Row, last: number, to: number): void {
  const { near, small, at } = row
  const step = 2 * (at + stepsPart) + last * bins + to
  const total = 2 * (at + totalsPart) + last
  const w = near[at + weight]!
  const seldom = ln((small[total]! + doubt * bins * w) / (small[step]! + doubt * w))
  learnMean(near, at + surprise, seldom, shareOf(near[at + surprises]!, rateOf6))
  near[at + surprises] = near[at + surprises]! + 1
  const next = w * growth
  near[at + weight] = next
  small[step] = small[step]! + next
  small[total] = small[total]! + next
  if (next > mostWeight) rescale(row)
}

/** The next value follows none. */
export function breakPattern({ near, at }: Row): void {
  near[at + bin] = 0
}

/** Looked for from where the last value was, because most are near it. */
function binOf({ near, at }: Row, { value }: Now, last: number): number {
  const spread = near[at + slow + 1]!
  const u = spread > 0 ? (value - near[at + slow]!) / spread : 0
  let found = last < 0 ? bins >> 1 : last
  while (found < bins - 1 && u >= edges[found]!) found++
  while (found > 0 && u < edges[found - 1]!) found--
  return found
}

function rescale({ near, small, at }: Row): void {
  const w = near[at + weight]!
  for (let i = 0; i < bins; i++) small[2 * (at + totalsPart) + i]! /= w
  for (let i = 0; i < bins * bins; i++) small[2 * (at + stepsPart) + i]! /= w
  near[at + weight] = 1
}
