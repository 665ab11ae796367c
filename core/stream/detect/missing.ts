import type { Millis } from '../../contract/model.ts'
import type { Detector } from './detector.ts'
import { awayParams, type SilenceLimits } from './silence.ts'

/** A signal that stays away while its device goes on speaking: a sensor that died, a field that is left out. */
export const missing: Detector = {
  id: 'missing',
  version: 1,
  looksFor: 'a signal that stays away',
  doc: 'Opens when a signal with a regular pace has not come for much longer than usual, though its device sends.',
  params: awayParams('A fixed limit in place of the learned one, for any pace; 0: learned.'),
  clearReadings: 1,
}

/** Until it has been looked at so long, a signal may belong to a message that comes seldom. */
const learnFrom = 10
const firstGaps = 50
const leastLimit: Millis = 60_000

/** What is known of the gaps between the readings of a signal. */
export interface Gaps {
  readonly isRegular: boolean
  readonly known: number
  readonly every: Millis
  readonly longest: Millis
}

/** How long it may stay away; NaN while that is not known. */
export function missingAfter({ isRegular, known, every, longest }: Gaps, limits: SilenceLimits): Millis {
  if (limits.fixed > 0) return limits.fixed
  if (!isRegular || known < learnFrom) return Number.NaN
  return Math.max(limits.gaps * every, (known < firstGaps ? 2 * limits.times : limits.times) * longest, leastLimit)
}
