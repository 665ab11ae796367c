import type { Millis, Offset, Reading } from '../contract/model.ts'
import { type Decoded, timeAt, valueAt } from './decode/decoded.ts'
import { eventTime } from './event-time.ts'

/** What a decoded message says, as objects for those who show or send it. */
export function readingsOf(decoded: Decoded, offset: Offset, arrival: Millis): Reading[] {
  const { layout, n, slot } = decoded
  return Array.from({ length: n }, (_, index) => ({
    offset,
    index,
    device: layout.places[slot[index]!]!.device,
    signal: layout.signals[slot[index]!]!,
    time: eventTime(timeAt(decoded, index), arrival),
    value: valueAt(decoded, index),
    unit: layout.units[slot[index]!]!,
  }))
}
