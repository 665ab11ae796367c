import { lastValue, type Row } from '../rows.ts'
import { type Channel, figure, usually } from './channel.ts'
import type { Now } from './detector.ts'
import { before, reads } from './means.ts'

/** How far the newest one to three readings stood out, now that the value has come back. Up is more than 0. */
function returned({ near, at }: Row, { value }: Now): number {
  const a = near[at + before]!
  const b = near[at + before + 1]!
  const c = near[at + before + 2]!
  const d = near[at + before + 3]!
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
  feature: (row, now) => (row.near[row.at + reads]! < knownFrom ? Number.NaN : Math.abs(returned(row, now))),
  words: (said, row) => ({
    title: isUp(row) ? 'spiked upwards' : 'spiked downwards',
    why: `${figure(said.feature)} out and back within three readings, usually within ${usually(said)}`,
    observed: peak(row, said.feature),
    readings: knownFrom + 1,
  }),
}

/** Once the value is learned from: it came back from above. */
function isUp({ near, at }: Row): boolean {
  return near[at + lastValue]! > near[at + before]!
}

/** The value that was so far out: of two or three that were, the nearest. Once the newest is learned from. */
function peak(row: Row, height: number): number {
  const sign = isUp(row) ? 1 : -1
  const [now, a, b, c] = [0, 1, 2, 3].map((i) => sign * row.near[row.at + before + i]!) as [
    number,
    number,
    number,
    number,
  ] // four of four
  if (a - Math.max(now, b) >= height) return sign * a
  return sign * (Math.min(a, b) - Math.max(now, c) >= height ? Math.min(a, b) : Math.min(a, b, c))
}
