import type { Millis, Offset } from '../../contract/model.ts'
import { gapRing, isLookedFor, learnGap } from '../pace.ts'
import { type Detector, type Param, type Params, param } from './detector.ts'

/** A device that stays away for longer than it ever did. */
export const silence: Detector = {
  id: 'silence',
  version: 1,
  looksFor: 'no message in time',
  about: 'device',
  doc: 'Opens when a device has sent nothing for much longer than usual.',
  params: awayParams('A fixed limit in place of the learned one; 0: learned.'),
  clearReadings: 1,
}

/** Of what stays away for longer than it did, as `silenceLimits` reads them; `fixed` says what a limit of a person is for. */
export function awayParams(fixed: string): readonly Param[] {
  return [
    {
      name: 'gaps',
      label: 'Usual gaps',
      least: 1,
      default: 5,
      unit: 'usual gaps',
      doc: 'How many usual gaps must pass.',
    },
    {
      name: 'times',
      label: 'Times the longest',
      least: 1,
      default: 3,
      unit: '',
      doc: 'How many times the longest gap so far must pass.',
    },
    { name: 'limitMs', label: 'Fixed limit', least: 0, default: 0, unit: 'ms', doc: fixed },
  ]
}

// The row of a device. Eight numbers are one line of memory: what every message of it reads is in the first two.
/** Log time of its newest message. */
export const heard = 0
/** Usual gap between its messages in log time; NaN until learned. */
export const deviceEvery = 1
const longestGap = 2
/** Gaps that were learned from. */
export const deviceGaps = 3
/** Offset of the newest live message. */
export const deviceLast = 4
/** How long it may stay away, as `silentAfter` says; NaN: not known, or for ever. */
export const deviceLimit = 5
/** Event time of its newest live message; NaN: none yet. */
export const spoken = 6
/** Event time before which no signal of it can be missing. */
export const lookAt = 7
/** How long its messages usually are on their way, by its own clock; NaN until one came. */
export const usualLag = 8
/** Four numbers about the clock of the device. */
export const clockPart = 9
/** Offset and log time at which it could be heard again, after a silence or a time in which nothing could be heard. */
export const resumed = 13
export const resumedTime = 14
/** 1: the next gap is not the device's own (the recorder or the link was away). */
export const skipGap = 15
/** One more about its clock. */
export const clockFar = 16
/** Offset of the first live message. */
export const deviceFirst = 17
/** Its newest absence, and when that ended. */
const absence = 18
const absenceEnd = 19
/** Stand for an absence that goes on and of which a person says what it is. */
export const fault = -1
export const itsWay = -2
const gaps = 24
export const deviceRowLength = gaps + gapRing + 1 // five lines

const learnFrom = 10
const firstGaps = 50
/** Nothing is silent before. */
export const leastLimit: Millis = 5_000
/** Networks and clocks that tell seconds only delay a message by less. */
const keptMs: Millis = 2_000
/** What comes twice in it is usual. */
export const oftenMs: Millis = 7 * 24 * 3_600_000
/** For so long a broker may still be sending what it kept for us. */
const backlogMs: Millis = 60_000

/** Learns from a live message at log time `time`, in the row that begins at `at`. True: `silentAfter` may say another time now. */
export function learnHeard(row: Float64Array, at: number, time: Millis): boolean {
  const gap = time - row[at + heard]!
  row[at + heard] = time
  const skip = row[at + skipGap] === 1
  if (skip) row[at + skipGap] = 0
  if (skip || !(gap > 0) || isBacklog(row, at, time, gap, row[at + deviceEvery]!)) return false
  const isLonger = gap > row[at + longestGap]!
  if (isLonger) row[at + longestGap] = gap
  const known = row[at + deviceGaps]! + 1
  row[at + deviceGaps] = known
  row[at + deviceEvery] = learnGap(row, at + gaps, known - 1, gap, row[at + deviceEvery]!)
  return isLonger || known === learnFrom || known === firstGaps || isLookedFor(known)
}

/** A message that was on its way for longer than the device's messages are: somebody kept it. */
export function wasKept(row: Float64Array, at: number, lag: Millis): boolean {
  return lag > row[at + usualLag]! + keptMs
}

/** Learns from a message how long they are on their way, by the device's clock: shorter at once, longer little by little. */
export function learnLag(row: Float64Array, at: number, lag: Millis): void {
  const usual = row[at + usualLag]!
  row[at + usualLag] = lag > usual ? usual + (lag - usual) / 16 : lag
}

/** It is back at log time `time`. An absence that comes twice in a week is its way, and no alert any more. */
export function learnAbsence(row: Float64Array, time: Millis): void {
  const gap = time - row[heard]!
  if (!(gap > 0)) return
  const before = row[absence]!
  const usual = before === itsWay ? gap : time - row[absenceEnd]! < oftenMs ? Math.min(gap, before) : 0
  if (usual > row[longestGap]!) row[longestGap] = usual
  row[absence] = before === fault ? 0 : gap
  row[absenceEnd] = time
}

/** A person says what its newest absence was: a fault, which counts as none of those two, or its way. */
export function markAbsence(row: Float64Array, useful: boolean, silent: boolean): void {
  const before = row[absence]!
  if (silent) row[absence] = useful ? fault : itsWay
  else if (useful) row[absence] = 0
  else if (before > row[longestGap]!) row[longestGap] = before
}

/** It can be heard again: what was missed until now is no gap of its own. */
export function resume(row: Float64Array, offset: Offset, time: Millis): void {
  row[resumed] = offset
  row[resumedTime] = time
}

/** Whether so short a gap is the broker's, which sends at once what it kept, and not the device's. */
export function isBacklog(row: Float64Array, at: number, time: Millis, gap: Millis, usual: Millis): boolean {
  return gap < usual / 10 && time - row[at + resumedTime]! < backlogMs
}

/** The parameters of a rule about silence, read once. */
export interface SilenceLimits {
  readonly fixed: Millis
  readonly gaps: number
  readonly times: number
}

export function silenceLimits(params: Params): SilenceLimits {
  return {
    fixed: param(silence, params, 'limitMs'),
    gaps: param(silence, params, 'gaps'),
    times: param(silence, params, 'times'),
  }
}

export const usualLimits = silenceLimits({})

/** How long it may stay away; NaN while that is not known. */
export function silentAfter(row: Float64Array, { fixed, gaps, times }: SilenceLimits): Millis {
  if (fixed > 0) return fixed
  const known = row[deviceGaps]!
  if (known < learnFrom) return Number.NaN
  return Math.max(gaps * row[deviceEvery]!, (known < firstGaps ? 2 * times : times) * row[longestGap]!, leastLimit)
}
