import { type Channel, figure, usually } from './channel.ts'
import { long, reads, recently } from './means.ts'

export const level: Channel = {
  id: 'level',
  version: 1,
  doc: 'A level that has shifted: the mean of the newest readings is far from the long mean.',
  least: 2,
  plain: false,
  absolute: false,
  upward: false,
  lasts: 1,
  feature: ({ near, at }) => (near[at + reads] === 0 ? Number.NaN : near[at + recently]! - near[at + long]!),
  words: (said) => ({
    title: said.distance > 0 ? 'shifted above its usual level' : 'shifted below its usual level',
    why: `the newest readings lie ${figure(Math.abs(said.feature))} from the long mean, usually within ${usually(said)}`,
  }),
}
