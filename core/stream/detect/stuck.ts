import { count, lastValue, ringSize, stuckPart } from '../series.ts'
import { thousands } from '../thousands.ts'
import { type Detector, type Now, type Params, param, type Verdict, type Words } from './detector.ts'

const run = stuckPart
const longest = stuckPart + 1
const changes = stuckPart + 2
/** The newest run that was an alert. */
const alertedRun = stuckPart + 3

/** A sensor that sends the same value again and again, in a series that usually moves. */
export const stuck: Detector = {
  id: 'stuck',
  version: 1,
  doc: 'Opens when a value that usually changes stays exactly the same for long.',
  params: [
    { name: 'readings', default: 30, unit: 'readings', doc: 'Fewest equal readings in a row.' },
    { name: 'times', default: 3, unit: '', doc: 'How many times the longest run so far.' },
  ],
  clearReadings: 2,
  step,
  words,
}

const minLearned = 100

function step(row: Float64Array, now: Now, params: Params, open: boolean): Verdict {
  if (row[count]! < minLearned || now.value !== row[lastValue]) return 0
  if (open) return 1
  if (row[changes]! < 0.3 * row[count]!) return 0
  const limit = Math.max(param(stuck, params, 'readings'), param(stuck, params, 'times') * row[longest]!)
  return row[run]! + 1 >= limit ? 2 : 0
}

function words(row: Float64Array): Words {
  const before = row[longest]!
  const why = `the same value ${thousands(row[run]! + 1)} times in a row; at most ${thousands(before)} times before`
  return { title: 'does not change', expected: null, why, rarity: null, readings: Math.min(ringSize, row[run]! + 1) }
}

/** Call before the reading becomes the last value. A run that was an alert is usual once there are two such. */
export function learnRun(row: Float64Array, value: number, alerted: boolean): void {
  if (value === row[lastValue] && row[count]! > 0) {
    row[run] = row[run]! + 1
    return
  }
  const usual = alerted ? Math.min(row[run]!, row[alertedRun]!) : row[run]!
  if (usual > row[longest]!) row[longest] = usual
  if (alerted) row[alertedRun] = row[run]!
  row[run] = 1
  row[changes] = row[changes]! + 1
}
