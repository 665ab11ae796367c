import { exp2 } from '../math.ts'
import type { Row } from '../rows.ts'
import { thousands } from '../thousands.ts'
import { type Detector, type Now, type Params, param, type Verdict, type Words } from './detector.ts'
import { learnMean, shareOf } from './means.ts'

// How often the first of the named states comes among all that are named; or among all readings, where it alone is. Of late,
// and as it usually is: two means that forget, the second one twenty times slower.
const ofLate = 0
const usually = 1
const learnedAt = 2
const slower = 20

/** A state that comes less often than it did: a step of a funnel that fewer reach. */
export const share: Detector = {
  id: 'share',
  version: 1,
  looksFor: 'a state that comes less often',
  uses: ['states'],
  keeps: learnedAt + 1,
  doc: 'Opens when the first of the states that the rule names comes less often, among those that it names or else among all, than it usually does.',
  params: [
    {
      name: 'drop',
      label: 'Drop',
      least: 0,
      most: 1,
      default: 0.5,
      unit: '',
      doc: 'By what part of its usual share; 0.5: half of it.',
    },
    {
      name: 'readings',
      label: 'Of late',
      least: 1,
      default: 50,
      unit: 'readings',
      doc: 'Half of what counts as of late.',
    },
    {
      name: 'spreads',
      label: 'Beyond chance',
      least: 0,
      default: 4,
      unit: 'spreads',
      doc: 'How far beyond chance it must be.',
    },
    {
      name: 'learn',
      label: 'Learned first',
      least: 1,
      default: 500,
      unit: 'readings',
      doc: 'Learned before anything is judged.',
    },
  ],
  types: ['number', 'boolean', 'text'],
  clearReadings: 1,
  step,
  words,
}

/** What the newest reading was judged by, before it was learned from. */
const judged = { ofLate: 0, usually: 0, learned: 0 }

function step(_row: Row, now: Now, params: Params, open: boolean): Verdict {
  const { learned, codes, value } = now
  const at = codes.indexOf(value)
  if (at < 0 && codes.length > 1) return verdictOf(learned, params, open)
  const n = learned[learnedAt]!
  const rate = 1 - exp2(-1 / param(share, params, 'readings'))
  learnMean(learned, ofLate, at === 0 ? 1 : 0, shareOf(n, rate))
  const verdict = verdictOf(learned, params, open)
  learnMean(learned, usually, at === 0 ? 1 : 0, shareOf(n, 1 - exp2(-1 / (slower * param(share, params, 'readings')))))
  learned[learnedAt] = n + 1
  return verdict
}

/** Beyond what chance does to the mean of so many; while it is open half of both is enough. */
function verdictOf(learned: Float64Array, params: Params, open: boolean): Verdict {
  const usual = learned[usually]!
  judged.ofLate = learned[ofLate]!
  judged.usually = usual
  judged.learned = learned[learnedAt]!
  if (judged.learned < param(share, params, 'learn')) return 0
  const rate = 1 - exp2(-1 / param(share, params, 'readings'))
  const spread = Math.sqrt((usual * (1 - usual) * rate) / (2 - rate))
  const enough = open ? 0.5 : 1
  const isFar = usual - judged.ofLate > enough * param(share, params, 'spreads') * spread
  if (!isFar || judged.ofLate > usual * (1 - enough * param(share, params, 'drop'))) return 0
  return 2
}

function words(_row: Row, { named }: Now): Words {
  const [first = '', ...others] = named
  const among = others.length === 0 ? 'all readings' : `${named.join(', ')}`
  return {
    title: `is ${first} in ${percent(judged.ofLate)}, usually in ${percent(judged.usually)}`,
    expected: null,
    why: `${percent(judged.usually)} of ${among}, ${thousands(judged.learned)} of them learned`,
    rarity: null,
  }
}

function percent(part: number): string {
  return `${Math.round(100 * part)} %`
}
