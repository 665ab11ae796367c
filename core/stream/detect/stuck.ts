import { count, lastValue, type Row, ringSize, stuckFar, stuckPart } from '../rows.ts'
import { thousands } from '../thousands.ts'
import { type Detector, type Now, type Params, param, type Verdict, type Words } from './detector.ts'

const run = stuckPart
const longest = stuckPart + 1
const changes = stuckPart + 2
/** The newest run that was an alert. */
const alertedRun = stuckFar
/** Stand there while a run goes on of which a person says what it is. */
const fault = -1
const itsWay = -2

/** A sensor that sends the same value again and again, in a series that usually moves. */
export const stuck: Detector = {
  id: 'stuck',
  version: 1,
  looksFor: 'the same value for long',
  doc: 'Opens when a value that usually changes stays exactly the same for long.',
  params: [
    {
      name: 'readings',
      label: 'Equal readings',
      least: 2,
      default: 30,
      unit: 'readings',
      doc: 'Fewest equal readings in a row.',
    },
    {
      name: 'times',
      label: 'Times the longest',
      least: 1,
      default: 3,
      unit: '',
      doc: 'How many times the longest run so far.',
    },
  ],
  clearReadings: 2,
  step,
  words,
  late: ({ value, observed }) => value === observed,
}

const minLearned = 100

/** It has changed, so there is nothing to judge. */
export function isMoving({ near, at }: Row, { value }: Now): boolean {
  return value !== near[at + lastValue]
}

function step({ near, at }: Row, now: Now, params: Params, open: boolean): Verdict {
  if (now.value !== near[at + lastValue] || near[at + count]! < minLearned) return 0
  if (open) return 1
  if (near[at + changes]! < 0.3 * near[at + count]!) return 0
  const limit = Math.max(param(stuck, params, 'readings'), param(stuck, params, 'times') * near[at + longest]!)
  return near[at + run]! + 1 >= limit ? 2 : 0
}

function words({ near, at }: Row): Words {
  const before = near[at + longest]!
  const equal = near[at + run]! + 1
  const why = `the same value ${thousands(equal)} times in a row; at most ${thousands(before)} times before`
  return { title: 'does not change', expected: null, why, rarity: null, readings: Math.min(ringSize, equal) }
}

/** Call before the reading becomes the last value. A run that was an alert is usual once there are two such. */
export function learnRun(row: Row, { value }: Now, alerted: boolean): void {
  const { near, at } = row
  if (value === near[at + lastValue] && near[at + count]! > 0) {
    near[at + run] = near[at + run]! + 1
    return
  }
  const usual = alerted ? usualOf(row) : near[at + run]!
  if (usual > near[at + longest]!) near[at + longest] = usual
  near[at + run] = 1
  near[at + changes] = near[at + changes]! + 1
}

/** A person says what its newest alert was: a fault, which counts as none of those two, or its way. */
export function markRun({ near, at, far, from }: Row, useful: boolean, open: boolean): void {
  const alerted = far[from + alertedRun]!
  if (open) far[from + alertedRun] = useful ? fault : itsWay
  else if (useful) far[from + alertedRun] = 0
  else if (alerted > near[at + longest]!) near[at + longest] = alerted
}

/** Of a run that was an alert: the shorter of the newest two such. */
function usualOf({ near, at, far, from }: Row): number {
  const ended = near[at + run]!
  const before = far[from + alertedRun]!
  far[from + alertedRun] = before === fault ? 0 : ended
  return before === fault ? 0 : before === itsWay ? ended : Math.min(ended, before)
}
