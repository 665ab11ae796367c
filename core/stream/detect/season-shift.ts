import { type Channel, figure, usually } from './channel.ts'
import { restRecently, rests } from './season.ts'

export const seasonShift: Channel = {
  id: 'season-shift',
  version: 1,
  doc: 'A level that has shifted against what is usual at this hour.',
  least: 3,
  plain: false,
  absolute: true,
  upward: false,
  lasts: 1,
  feature: ({ near, at }) => (near[at + rests] === 0 ? Number.NaN : near[at + restRecently]!),
  words: (said) => ({
    title: said.distance > 0 ? 'shifted above what is usual at this hour' : 'shifted below what is usual at this hour',
    why: `the newest readings lie ${figure(Math.abs(said.feature))} from what is usual at this hour, usually within ${usually(said)}`,
  }),
}
