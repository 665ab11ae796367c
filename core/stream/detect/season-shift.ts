import { type Channel, figure } from './channel.ts'
import { restRecently, rests } from './season.ts'

export const seasonShift: Channel = {
  id: 'season-shift',
  version: 1,
  doc: 'A level that has shifted against what is usual at this hour.',
  least: 3,
  plain: false,
  absolute: true,
  upward: false,
  feature: (row) => (row[rests] === 0 ? Number.NaN : row[restRecently]!),
  words: ({ distance, feature, spread }) => ({
    title: distance > 0 ? 'shifted above what is usual at this hour' : 'shifted below what is usual at this hour',
    why: `the newest readings lie ${figure(Math.abs(feature))} from what is usual at this hour, usually within ${figure(3 * spread)}`,
  }),
}
