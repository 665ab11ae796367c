import type { Place } from '../place.ts'
import { addSignal, emptyLayout, type Layout } from './decoded.ts'

/** The signals of a topic whose messages hold now these, now those. It grows; when it is full another begins. */
export interface SignalTable {
  readonly layout: Layout
  readonly slots: Map<string, number>
}

const maxSignals = 8_192

export function createTable(place: Place): SignalTable {
  return { layout: emptyLayout(place), slots: new Map() }
}

export function isFull({ layout }: SignalTable): boolean {
  return layout.signals.length >= maxSignals
}

/** Where the layout has a signal, which it now has. */
export function slotOf({ layout, slots }: SignalTable, place: Place, signal: string, unit: string | null): number {
  const key = `${place.device}\u0000${signal}\u0000${unit ?? ''}`
  const known = slots.get(key)
  if (known !== undefined) return known
  const slot = addSignal(layout, place, signal, unit)
  slots.set(key, slot)
  return slot
}
