import type { Channel } from './channel.ts'
import { long, reads } from './means.ts'

export const value: Channel = {
  id: 'value',
  version: 1,
  doc: 'A value far from where the series usually is.',
  least: 2,
  plain: false,
  absolute: false,
  upward: false,
  lasts: 1,
  feature: ({ near, at }, now) => (near[at + reads] === 0 ? Number.NaN : now.value - near[at + long]!),
  words: ({ distance }) => ({
    title: distance > 0 ? 'above its usual band' : 'below its usual band',
    why: null,
  }),
}
