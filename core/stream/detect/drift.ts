import { type Channel, figure, usually } from './channel.ts'
import { restLong, restOfDay, rests } from './season.ts'

const knownFrom = 400

export const drift: Channel = {
  id: 'drift',
  version: 1,
  doc: 'Slow wear: the mean of a day moves away from that of the weeks before, the season left out.',
  least: 2,
  plain: false,
  absolute: false,
  upward: false,
  lasts: 4, // its feature is the mean of a day
  feature: ({ near, at }) =>
    near[at + rests]! < knownFrom ? Number.NaN : near[at + restOfDay]! - near[at + restLong]!,
  words: (said) => ({
    title: said.distance > 0 ? 'drifts upwards' : 'drifts downwards',
    why: `the mean of a day lies ${figure(Math.abs(said.feature))} from that of the weeks before, usually within ${usually(said)}`,
  }),
}
