import type { Row } from '../rows.ts'
import type { Channel } from './channel.ts'
import type { Now } from './detector.ts'
import { drift } from './drift.ts'
import { jump } from './jump.ts'
import { level } from './level.ts'
import { noise } from './noise.ts'
import { pattern } from './pattern.ts'
import { season } from './season.ts'
import { seasonShift } from './season-shift.ts'
import { spike } from './spike.ts'
import { value } from './value.ts'

/** The order is that of their memory in the row. */
export const channels: readonly Channel[] = [jump, value, level, noise, season, seasonShift, drift, pattern, spike]

/** The features of a reading, in that order; NaN: not known yet. */
export const features = new Float64Array(channels.length)

/** One line each, so that the engine knows at each which it is. */
export function feel(row: Row, now: Now): void {
  features[0] = jump.feature(row, now)
  features[1] = value.feature(row, now)
  features[2] = level.feature(row, now)
  features[3] = noise.feature(row, now)
  features[4] = season.feature(row, now)
  features[5] = seasonShift.feature(row, now)
  features[6] = drift.feature(row, now)
  features[7] = pattern.feature(row, now)
  features[8] = spike.feature(row, now)
}
