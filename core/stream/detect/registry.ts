import { band } from './band.ts'
import { clock } from './clock.ts'
import { count } from './count.ts'
import type { Detector } from './detector.ts'
import { forbiddenState } from './forbidden-state.ts'
import { givenUp } from './given-up.ts'
import { limits } from './limits.ts'
import { link } from './link.ts'
import { missing } from './missing.ts'
import { rareEvent } from './rare-event.ts'
import { rate } from './rate.ts'
import { relation } from './relation.ts'
import { seriesCap } from './series-cap.ts'
import { share } from './share.ts'
import { silence } from './silence.ts'
import { stateChange } from './state-change.ts'
import { stuck } from './stuck.ts'

/** Every detector by its id. */
export const detectors: ReadonlyMap<string, Detector> = new Map(
  [
    band,
    clock,
    count,
    forbiddenState,
    givenUp,
    limits,
    link,
    missing,
    rareEvent,
    rate,
    relation,
    seriesCap,
    share,
    silence,
    stateChange,
    stuck,
  ].map((each) => [each.id, each]),
)
