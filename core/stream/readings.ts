import type { Millis, Offset, Reading } from '../contract/model.ts'
import { type Decoded, timeAt, valueAt } from './decode/decoded.ts'
import { eventTime } from './event-time.ts'

/** How far the clock of a device is behind. */
interface Clocks {
  behind(device: string): Millis
}

/** What a decoded message says, as objects for those who show or send it. */
export function readingsOf(decoded: Decoded, offset: Offset, arrival: Millis, clocks: Clocks): Reading[] {
  const { layout, n, slot } = decoded
  const behind = new Map<string, Millis>()
  for (const { device } of layout.places) if (!behind.has(device)) behind.set(device, clocks.behind(device))
  return Array.from({ length: n }, (_, index) => ({
    offset,
    index,
    device: layout.places[slot[index]!]!.device,
    signal: layout.signals[slot[index]!]!,
    time: eventTime(timeAt(decoded, index), arrival, behind.get(layout.places[slot[index]!]!.device)!),
    value: valueAt(decoded, index),
    unit: layout.units[slot[index]!]!,
  }))
}
