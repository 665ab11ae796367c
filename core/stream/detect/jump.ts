import { type Channel, figure, usually } from './channel.ts'
import { nearest, rateOf2 } from './means.ts'

/** From the mean that has this value in it to the one before. */
const before = 1 / (1 - rateOf2)

export const jump: Channel = {
  id: 'jump',
  version: 1,
  doc: 'A value far from the readings just before it.',
  least: 2,
  plain: false,
  absolute: false,
  upward: false,
  lasts: 1,
  feature: ({ near, at }, { value }) => value - near[at + nearest]!,
  words: ({ distance, feature, spread }) => ({
    title: distance > 0 ? 'jumped up' : 'fell suddenly',
    why: `${figure(Math.abs(feature) * before)} from the mean of the readings before, usually within ${usually({ distance: distance * before, feature: feature * before, spread: spread * before })}`,
  }),
}
