import { band } from './band.ts'
import { clock } from './clock.ts'
import type { Detector } from './detector.ts'
import { limits } from './limits.ts'
import { link } from './link.ts'
import { silence } from './silence.ts'
import { stuck } from './stuck.ts'

/** Every detector by its id. */
export const detectors: ReadonlyMap<string, Detector> = new Map(
  [band, clock, limits, link, silence, stuck].map((each) => [each.id, each]),
)
