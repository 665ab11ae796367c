import { count, type Row } from '../rows.ts'
import { thousands } from '../thousands.ts'
import { type Detector, lasting, type Now, type Params, param, type Verdict } from './detector.ts'
import { isState, seenBefore } from './kind.ts'

const day = 86_400_000

/** A state that was never seen, or not for long. */
export const rareEvent: Detector = {
  id: 'rare-event',
  version: 2,
  looksFor: 'a state that is rare',
  doc: 'Opens when something with few states is in one that it was not in for long. Of the first eight states. It returns with the next reading that is not rare, or after a while.',
  params: [
    {
      name: 'quietMs',
      label: 'Not seen for',
      least: 0,
      default: 7 * day,
      unit: 'ms',
      doc: 'How long it was not in that state.',
    },
    {
      name: 'readings',
      label: 'Learned first',
      least: 1,
      default: 100,
      unit: 'readings',
      doc: 'Learned before anything is rare.',
    },
    lasting,
  ],
  types: ['number', 'boolean', 'text'],
  clearReadings: 1,
  step,
  ends: (_row, now, params) => now.time + param(rareEvent, params, lasting.name),
  words: (row, now) => {
    const before = seenBefore(row, now.value)
    const days = Math.floor((now.time - before) / day)
    return {
      title: `is ${now.text ?? now.value}, which is rare`,
      expected: null,
      why: Number.isNaN(before)
        ? `never seen in ${thousands(row.near[row.at + count]!)} readings`
        : `not seen for ${thousands(days)} days, ${thousands(row.near[row.at + count]!)} readings learned`,
      rarity: null,
    }
  },
}

function step(row: Row, now: Now, params: Params): Verdict {
  if (row.near[row.at + count]! < param(rareEvent, params, 'readings') || !isState(row)) return 0
  const before = seenBefore(row, now.value)
  return Number.isNaN(before) || now.time - before >= param(rareEvent, params, 'quietMs') ? 2 : 0
}
