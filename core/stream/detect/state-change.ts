import { count, lastValue } from '../series.ts'
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

function step(row: Float64Array, now: Now): Verdict {
  return row[count]! > 0 && now.value !== row[lastValue] ? 2 : 0
}
