import { lastValue } from '../series.ts'
import { type Channel, figure, usually } from './channel.ts'
import { before, reads } from './means.ts'

/** How far the newest one to three readings stood out, now that the value has come back. Up is more than 0. */
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
  lasts: 1,
  feature: (row, value) => (row[reads]! < knownFrom ? Number.NaN : Math.abs(returned(row, value))),
  words: (said, row) => ({
    title: isUp(row) ? 'spiked upwards' : 'spiked downwards',
    why: `${figure(said.feature)} out and back within three readings, usually within ${usually(said)}`,
    observed: peak(row, said.feature),
    readings: knownFrom + 1,
  }),
}

/** Once the value is learned from: it came back from above. */
function isUp(row: Float64Array): boolean {
  return row[lastValue]! > row[before]!
}

/** The value that was so far out: of two or three that were, the nearest. Once the newest is learned from. */
function peak(row: Float64Array, height: number): number {
  const sign = isUp(row) ? 1 : -1
  const [now, a, b, c] = [0, 1, 2, 3].map((i) => sign * row[before + i]!) as [number, number, number, number] // four of four
  if (a - Math.max(now, b) >= height) return sign * a
  return sign * (Math.min(a, b) - Math.max(now, c) >= height ? Math.min(a, b) : Math.min(a, b, c))
}
