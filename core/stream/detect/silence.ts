import type { Millis } from '../../contract/model.ts'
import { gapPart, learnGap } from '../series.ts'
import { type Detector, type Params, param } from './detector.ts'

/** A device that stays away for longer than it ever did. */
export const silence: Detector = {
  id: 'silence',
  version: 1,
  doc: 'Opens when a device has sent nothing for much longer than usual.',
  params: [
    { name: 'gaps', default: 5, unit: 'usual gaps', doc: 'How many usual gaps must pass.' },
    { name: 'times', default: 3, unit: '', doc: 'How many times the longest gap so far must pass.' },
    { name: 'limitMs', default: 0, unit: 'ms', doc: 'A fixed limit in place of the learned one; 0: learned.' },
  ],
  clearReadings: 1,
}

// The row of a device.
/** Log time of its newest message. */
export const heard = 0
/** Usual gap between its messages in log time; NaN until learned. */
export const deviceEvery = 1
const longestGap = 2
/** 1: the next gap is not the device's own (the recorder or the link was away). */
export const skipGap = 3
/** Offset of the first and newest live message. */
export const deviceFirst = 4
export const deviceLast = 5
const gaps = 6
export const deviceGaps = gaps + gapPart - 1
export const deviceRowLength = gaps + gapPart

const learnFrom = 10
const firstGaps = 50
const leastLimit: Millis = 5_000

/** Learns from a live message at log time `time`. */
export function learnHeard(row: Float64Array, time: Millis): void {
  const gap = time - row[heard]!
  row[heard] = time
  const skip = row[skipGap] === 1
  row[skipGap] = 0
  if (skip || !(gap > 0)) return
  row[deviceEvery] = learnGap(row, gaps, deviceGaps, gap, row[deviceEvery]!)
  if (gap > row[longestGap]!) row[longestGap] = gap
}

/** How long it may stay away; NaN while that is not known. */
export function silentAfter(row: Float64Array, params: Params): Millis {
  const fixed = param(silence, params, 'limitMs')
  if (fixed > 0) return fixed
  if (row[deviceGaps]! < learnFrom) return Number.NaN
  const times = row[deviceGaps]! < firstGaps ? 2 * param(silence, params, 'times') : param(silence, params, 'times')
  return Math.max(param(silence, params, 'gaps') * row[deviceEvery]!, times * row[longestGap]!, leastLimit)
}
