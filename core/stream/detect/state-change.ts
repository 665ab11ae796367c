import { count, lastValue, type Row } from '../rows.ts'
import { type Detector, type Late, lasting, type Now, param, type Verdict } from './detector.ts'

/** A state that is another one than before. */
export const stateChange: Detector = {
  id: 'state-change',
  version: 2,
  looksFor: 'a change of state',
  doc: 'Opens when a state changes, and returns with the next reading that has changed nothing, or after a while.',
  params: [lasting],
  types: ['number', 'boolean', 'text'],
  clearReadings: 1,
  step,
  late,
  ends: (_row, now, params) => now.time + param(stateChange, params, lasting.name),
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

/** Of a change into the same state as that of the alert; or there was none. */
function late({ time, value, seen, since }: Late): boolean | null {
  const before = seen.findLast((one) => one.time <= time)
  if (before === undefined) return null
  if (before.value === value) return false
  return seen.find((one) => one.time === since)?.value === value ? true : null
}
