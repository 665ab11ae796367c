import { lastValue } from '../series.ts'
import { type Channel, figure, usually } from './channel.ts'
import { before, reads } from './means.ts'

/** How far the newest one to three readings stood out, now that the value has come back. */
function returned(row: Float64Array, value: number): number {
  const [a, b, c, d] = [row[before]!, row[before + 1]!, row[before + 2]!, row[before + 3]!]
  const lowest = Math.min(a, b)
  const highest = Math.max(a, b)
  const up = Math.max(a - Math.max(value, b), lowest - Math.max(value, c), Math.min(lowest, c) - Math.max(value, d))
  const down = Math.max(Math.min(value, b) - a, Math.min(value, c) - highest, Math.min(value, d) - Math.max(highest, c))
  return up > down ? Math.max(0, up) : -Math.max(0, down)
}

const knownFrom = 4

export const spike: Channel = {
  id: 'spike',
  version: 1,
  doc: 'A value that goes out and is back within three readings.',
  least: 2,
  plain: false,
  absolute: false,
  upward: true,
  feature: (row, value) => (row[reads]! < knownFrom ? Number.NaN : Math.abs(returned(row, value))),
  words: (said, row) => ({
    title: row[lastValue]! > row[before]! ? 'spiked upwards' : 'spiked downwards',
    why: `${figure(said.feature)} out and back within three readings, usually within ${usually(said)}`,
  }),
}
