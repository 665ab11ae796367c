import type { Row } from '../rows.ts'
import { type Detector, type Now, type Params, param, type Verdict, type Words } from './detector.ts'

/** Fixed limits that a person put. */
export const limits: Detector = {
  id: 'limits',
  version: 1,
  looksFor: 'a fixed limit',
  doc: 'Opens while a value is above the high limit or below the low one.',
  params: [
    { name: 'low', label: 'Low', default: -Infinity, unit: '', doc: 'Alert below this value.' },
    { name: 'high', label: 'High', default: Infinity, unit: '', doc: 'Alert above this value.' },
    {
      name: 'deadband',
      label: 'Deadband',
      least: 0,
      default: 0,
      unit: '',
      doc: 'How far inside its limit a value must be to count as back in order.',
    },
  ],
  types: ['number', 'boolean'],
  clearReadings: 1,
  step,
  words,
  late: ({ value }, params) => value < param(limits, params, 'low') || value > param(limits, params, 'high'),
}

function step(_row: Row, now: Now, params: Params, open: boolean): Verdict {
  const low = param(limits, params, 'low')
  const high = param(limits, params, 'high')
  if (now.value < low || now.value > high) return 2
  const deadband = param(limits, params, 'deadband')
  return open && (now.value < low + deadband || now.value > high - deadband) ? 1 : 0
}

function words(_row: Row, now: Now, params: Params): Words {
  const low = param(limits, params, 'low')
  const high = param(limits, params, 'high')
  const title = now.value < low ? `below its limit of ${low}` : `above its limit of ${high}`
  return { title, expected: finite(low, high), why: 'a limit that a person put', rarity: null }
}

/** A side without a limit is given as far away as a number goes, because stored data has no infinity. */
function finite(low: number, high: number): { low: number; high: number } {
  return { low: Math.max(low, -Number.MAX_VALUE), high: Math.min(high, Number.MAX_VALUE) }
}
