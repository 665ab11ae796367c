import type { Millis, UndecodableReason } from '../../contract/model.ts'
import type { Place } from '../place.ts'
import type { Birth } from './context.ts'
import type { SparkplugType } from './sparkplug.ts'

/** What one message holds, in columns that the next call overwrites. */
export interface Decoded {
  layout: Layout
  /** Readings in this message. */
  n: number
  /** Reading i is of signal `slot[i]` of the layout. */
  slot: Uint32Array
  readonly ownSlot: Uint32Array
  /** Index into `valueKinds`. */
  readonly kind: Uint8Array
  /** The value of a number, 0 or 1 for a boolean. */
  readonly number: Float64Array
  /** The value of a text; otherwise left over. */
  readonly text: string[]
  /** What the device says the time was, the newest of it; NaN when it says nothing. Give it to `eventTime`. */
  time: Millis
  /** Readings have times and marks of their own, in `times` and `historical`; else all have `time`. */
  each: boolean
  readonly times: Float64Array
  /** 1: the device itself says that it is history. */
  readonly historical: Uint8Array
  /** Why a part of the message was left out; null: nothing was. */
  left: UndecodableReason | null
  /** Sparkplug: what kind of message, of which edge node, and its number 0 to 255 in the session; -1: it has none. */
  type: SparkplugType | null
  node: string
  sequence: number
  /** The birth that it is: to be known under `key` from the next message on. */
  birth: (Birth & { readonly key: string; readonly same: boolean }) | null
}

export const valueKinds = ['number', 'boolean', 'text'] as const
export type Value = number | boolean | string
/** Most readings in one message. */
export const maxReadings = 4_096
/** Longer texts and names are cut. */
export const maxText = 256
export const maxName = 200

/** The signals that a message may hold. Messages with the same signals share one, the same object while it is cached. */
export interface Layout {
  /** Of its first signal. */
  readonly place: Place
  /** One value, with keys around it for its time, unit and name. */
  readonly single: boolean
  readonly signals: string[]
  readonly places: Place[]
  /** The units that the message names. */
  readonly units: (string | null)[]
  /** For whoever owns the decoder: their number of the series of signal s of kind k at `3 * s + k`; -1 at first. */
  readonly ids: number[]
}

export function emptyLayout(place: Place, single = false): Layout {
  return { place, single, signals: [], places: [], units: [], ids: [] }
}

/** Answers its slot. */
export function addSignal(layout: Layout, place: Place, signal: string, unit: string | null): number {
  layout.ids.push(-1, -1, -1)
  layout.places.push(place)
  layout.units.push(unit)
  return layout.signals.push(signal) - 1
}

/** Reading i is of signal i. */
export const inOrder = Uint32Array.from({ length: maxReadings }, (_, i) => i)

export function createDecoded(): Decoded {
  return {
    layout: emptyLayout({ device: '', label: '', area: '' }),
    n: 0,
    slot: inOrder,
    ownSlot: new Uint32Array(maxReadings),
    kind: new Uint8Array(maxReadings),
    number: new Float64Array(maxReadings),
    text: new Array<string>(maxReadings).fill(''),
    time: Number.NaN,
    each: false,
    times: new Float64Array(maxReadings),
    historical: new Uint8Array(maxReadings),
    left: null,
    type: null,
    node: '',
    sequence: -1,
    birth: null,
  }
}

/** Before a message whose readings name their signals, times and marks one by one. */
export function beginEach(out: Decoded): void {
  out.slot = out.ownSlot
  out.each = true
  out.n = 0
}

/** One reading more; false when the message holds as many as it may. */
export function putReading(out: Decoded, slot: number, value: Value, time: Millis, historical: boolean): boolean {
  const i = out.n
  if (i === maxReadings) {
    out.left = 'too_large'
    return false
  }
  out.slot[i] = slot
  out.times[i] = time
  out.historical[i] = historical ? 1 : 0
  putValue(out, i, value)
  out.n = i + 1
  if (time > out.time || Number.isNaN(out.time)) out.time = time
  return true
}

export function putValue(out: Decoded, i: number, value: Value): void {
  if (typeof value === 'string') {
    out.kind[i] = 2
    out.text[i] = value.slice(0, maxText)
    return
  }
  out.kind[i] = typeof value === 'number' ? 0 : 1
  out.number[i] = Number(value)
}

export function valueAt(out: Decoded, i: number): Value {
  if (out.kind[i] === 2) return out.text[i]!
  return out.kind[i] === 1 ? out.number[i] === 1 : out.number[i]!
}

/** What the device says of the time of reading i. */
export function timeAt(out: Decoded, i: number): Millis {
  return out.each ? out.times[i]! : out.time
}
