import { exp2 } from '../math.ts'
import type { Row } from '../rows.ts'
import { thousands } from '../thousands.ts'
import { figure } from './channel.ts'
import { type Detector, isOutside, type Now, type Params, param, type Verdict, type Words } from './detector.ts'
import { learnMean, learnSpread, shareOf } from './means.ts'

// A line through this signal over another of its device, by means that forget; and how far it usually is from that line.
const mean = 0
const otherMean = 1
const otherSquare = 2
const product = 3
const residual = 4
const learnedAt = 6
const run = 7
const least = 1 - exp2(-1 / 2_000)

/** Two signals of a device that no longer go together. */
export const relation: Detector = {
  id: 'relation',
  version: 1,
  looksFor: 'two signals apart',
  uses: ['other'],
  keeps: run + 1,
  doc: 'Opens when a signal is not where another signal of its device, the one that the rule names, says it should be.',
  params: [
    {
      name: 'spreads',
      label: 'Distance',
      least: 0,
      default: 6,
      unit: 'spreads',
      doc: 'How far from the learned line, in usual distances.',
    },
    { name: 'readings', label: 'In a row', least: 1, default: 3, unit: 'readings', doc: 'Readings in a row that far.' },
    {
      name: 'learn',
      label: 'Learned first',
      least: 1,
      default: 200,
      unit: 'readings',
      doc: 'Learned before anything is judged.',
    },
  ],
  clearReadings: 3,
  step,
  words,
  late: isOutside,
}

/** What the newest reading was judged by, before it was learned from. */
const judged = { middle: Number.NaN, reach: Number.NaN, learned: 0 }

function step(_row: Row, now: Now, params: Params): Verdict {
  if (Number.isNaN(now.other)) return 0
  const { learned: line } = now
  const n = line[learnedAt]!
  judged.middle = lineAt(line, now.other) + line[residual]!
  judged.reach = param(relation, params, 'spreads') * line[residual + 1]!
  judged.learned = n
  const isFar = n >= param(relation, params, 'learn') && Math.abs(now.value - judged.middle) > judged.reach
  line[run] = isFar ? line[run]! + 1 : 0
  learn(line, now, n)
  if (line[run] === 0) return 0
  return line[run]! >= param(relation, params, 'readings') ? 2 : 1
}

function learn(line: Float64Array, now: Now, n: number): void {
  if (n > 0) learnSpread(line, residual, now.value - lineAt(line, now.other), n, least)
  if (line[run] === 0) {
    const share = shareOf(n, least)
    const d = now.other - line[otherMean]!
    learnMean(line, product, d * (now.value - line[mean]!), share)
    learnMean(line, otherSquare, d * d, share)
    learnMean(line, mean, now.value, share)
    learnMean(line, otherMean, now.other, share)
  }
  line[learnedAt] = n + 1
}

function lineAt(line: Float64Array, other: number): number {
  const slope = line[otherSquare]! > 0 ? line[product]! / line[otherSquare]! : 0
  return line[mean]! + slope * (other - line[otherMean]!)
}

function words(_row: Row, now: Now): Words {
  const { middle, reach, learned } = judged
  return {
    title: `too ${now.value > middle ? 'high' : 'low'} for ${now.otherName}`,
    expected: { low: middle - reach, high: middle + reach },
    why: `where ${now.otherName} is ${figure(now.other)}, ${thousands(learned)} readings of both learned`,
    rarity: null,
  }
}
