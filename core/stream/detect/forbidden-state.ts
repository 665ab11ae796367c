import type { Row } from '../rows.ts'
import { type Detector, type Now, type Params, param, type Verdict } from './detector.ts'

/** A state in which something must never be. */
export const forbiddenState: Detector = {
  id: 'forbidden-state',
  version: 1,
  looksFor: 'a forbidden state',
  uses: ['states'],
  doc: 'Opens while a state is one of those that the rule names: as texts in `states`, or as a number.',
  params: [
    {
      name: 'state',
      label: 'State',
      default: Number.NaN,
      unit: '',
      doc: 'The forbidden state, where states are numbers.',
    },
  ],
  types: ['number', 'boolean', 'text'],
  clearReadings: 1,
  step,
  late: isForbidden,
  words: (_row, now) => ({
    title: `is in the forbidden state ${now.text ?? now.value}`,
    expected: null,
    why: 'a state that a person forbade',
    rarity: null,
  }),
}

function step(_row: Row, now: Now, params: Params): Verdict {
  return isForbidden(now, params) ? 2 : 0
}

function isForbidden({ text, value, named }: Pick<Now, 'text' | 'value' | 'named'>, params: Params): boolean {
  const byNumber = text === null && value === param(forbiddenState, params, 'state')
  return byNumber || named.includes(text ?? String(value))
}
