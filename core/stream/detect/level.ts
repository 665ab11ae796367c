import { type Channel, figure } from './channel.ts'
import { long, reads, recently } from './means.ts'

export const level: Channel = {
  id: 'level',
  version: 1,
  doc: 'A level that has shifted: the mean of the newest readings is far from the long mean.',
  least: 2,
  plain: false,
  absolute: false,
  upward: false,
  feature: (row) => (row[reads] === 0 ? Number.NaN : row[recently]! - row[long]!),
  words: ({ distance, feature, spread }) => ({
    title: distance > 0 ? 'shifted above its usual level' : 'shifted below its usual level',
    why: `the newest readings lie ${figure(Math.abs(feature))} from the long mean, usually within ${figure(3 * spread)}`,
  }),
}
