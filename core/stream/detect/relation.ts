import { exp2 } from '../math.ts'
import { type Row, relationPart } from '../rows.ts'
import { thousands } from '../thousands.ts'
import { figure } from './channel.ts'
import { type Detector, isOutside, type Now, type Params, param, type Verdict, type Words } from './detector.ts'
import { learnMean, learnSpread, shareOf } from './means.ts'

// A line through this signal over another of its device, by means that forget; and how far it usually is from that line.
const mean = relationPart
const otherMean = relationPart + 1
const otherSquare = relationPart + 2
const product = relationPart + 3
const residual = relationPart + 4
const learnedAt = relationPart + 6
const run = relationPart + 7
const least = 1 - exp2(-1 / 2_000)

/** Two signals of a device that no longer go together. */
export const relation: Detector = {
  id: 'relation',
  version: 1,
  looksFor: 'two signals apart',
  uses: ['other'],
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

function step(row: Row, now: Now, params: Params): Verdict {
  if (Number.isNaN(now.other)) return 0
  const { far, from } = row
  const n = far[from + learnedAt]!
  judged.middle = lineAt(row, now.other) + far[from + residual]!
  judged.reach = param(relation, params, 'spreads') * Math.sqrt(far[from + residual + 1]!)
  judged.learned = n
  const isFar = n >= param(relation, params, 'learn') && Math.abs(now.value - judged.middle) > judged.reach
  far[from + run] = isFar ? far[from + run]! + 1 : 0
  learn(row, now, n)
  if (far[from + run] === 0) return 0
  return far[from + run]! >= param(relation, params, 'readings') ? 2 : 1
}

function learn(row: Row, now: Now, n: number): void {
  const { far, from } = row
  if (n > 0) learnSpread(far, from + residual, now.value - lineAt(row, now.other), n, least)
  if (far[from + run] === 0) {
    const share = shareOf(n, least)
    const d = now.other - far[from + otherMean]!
    learnMean(far, from + product, d * (now.value - far[from + mean]!), share)
    learnMean(far, from + otherSquare, d * d, share)
    learnMean(far, from + mean, now.value, share)
    learnMean(far, from + otherMean, now.other, share)
  }
  far[from + learnedAt] = n + 1
}

function lineAt({ far, from }: Row, other: number): number {
  const slope = far[from + otherSquare]! > 0 ? far[from + product]! / far[from + otherSquare]! : 0
  return far[from + mean]! + slope * (other - far[from + otherMean]!)
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
