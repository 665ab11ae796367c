import { ln } from '../math.ts'
import { type Channel, figure } from './channel.ts'
import { reads, scaleOf, stepSize } from './means.ts'

/** A step smaller than a hundredth of the usual spread is as good as none. */
const least = 0.01

export const noise: Channel = {
  id: 'noise',
  version: 1,
  doc: 'More noise than usual, or less: the size of the steps from reading to reading.',
  least: 2,
  plain: true,
  absolute: false,
  upward: false,
  lasts: 1,
  feature: (row) => {
    const { near, at } = row
    const size = near[at + stepSize]! + least * scaleOf(row)
    return near[at + reads] === 0 || size === 0 ? Number.NaN : ln(size)
  },
  words: ({ distance }, { near, at }) => ({
    title: distance > 0 ? 'changes more than usual' : 'changes less than usual',
    why: `steps of ${figure(near[at + stepSize]!)} from reading to reading`,
  }),
}
