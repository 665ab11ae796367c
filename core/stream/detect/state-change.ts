import { count, lastValue, type Row } from '../rows.ts'
import type { Detector, Now, Verdict } from './detector.ts'

/** A state that is another one than before. */
export const stateChange: Detector = {
  id: 'state-change',
  version: 1,
  doc: 'Opens when a state changes, and returns with the next reading that has changed nothing.',
  params: [],
  types: ['number', 'boolean', 'text'],
  clearReadings: 1,
  step,
  words: (_row, now) => ({
    title: `changed to ${now.text ?? now.value}`,
    expected: null,
    why: 'a person wants to know of every change',
    rarity: null,
    readings: 2,
  }),
}

function step({ near, at }: Row, now: Now): Verdict {
  return near[at + count]! > 0 && now.value !== near[at + lastValue] ? 2 : 0
}
