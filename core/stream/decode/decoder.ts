import type { Millis, UndecodableReason } from '../../contract/model.ts'
import type { Place } from '../place.ts'
import { devicePlace, signalPlace } from '../place.ts'
import { type Parsed, parse, type Value } from './parse.ts'
import { learnShape, type Shape, scan } from './shape.ts'

/** What one message holds, in columns that the next call overwrites. */
export interface Decoded {
  layout: Layout
  /** Readings in this message. */
  n: number
  /** Index into `valueKinds`. */
  readonly kind: Uint8Array
  /** The value of a number, 0 or 1 for a boolean. */
  readonly number: Float64Array
  /** The value of a text; otherwise left over. */
  readonly text: string[]
  /** What the device says the time was; NaN when it says nothing. Give it to `eventTime`. */
  time: Millis
  /** Readings left out because a message may hold 256. */
  dropped: number
}

export const valueKinds = ['number', 'boolean', 'text'] as const
/** Most readings in one message. */
export const maxReadings = 256

/** Messages of one topic with the same signals in the same order share one layout, the same object while it is cached. */
export interface Layout {
  readonly place: Place
  /** One value, so that the topic's last level is the signal. */
  readonly single: boolean
  /** Signal of each reading. */
  readonly signals: readonly string[]
  /** The unit that the message names, when it holds one value. */
  readonly unit: string | null
  /** For whoever owns the decoder: their number of the series of reading i of kind k at `k * signals.length + i`; -1 at first. */
  readonly ids: Int32Array
}

/** Stateless in meaning: the same topic and bytes always give the same answer. What it keeps are caches. */
export interface Decoder {
  decode(topic: string, bytes: Uint8Array, out: Decoded): UndecodableReason | null
}

export function createDecoded(): Decoded {
  return {
    layout: { place: devicePlace(''), single: false, signals: [], unit: null, ids: new Int32Array(0) },
    n: 0,
    kind: new Uint8Array(maxReadings),
    number: new Float64Array(maxReadings),
    text: new Array<string>(maxReadings).fill(''),
    time: Number.NaN,
    dropped: 0,
  }
}

/** `shapes: false` reads every message with JSON.parse; the answers are the same. */
export function createDecoder(options: { readonly shapes?: boolean } = {}): Decoder {
  const topics = new Map<string, TopicCache>()
  const maxTries = (options.shapes ?? true) ? 8 : 0
  return {
    decode(topic, bytes, out) {
      let cache = topics.get(topic)
      if (cache === undefined) {
        if (topics.size >= maxTopics) topics.clear()
        cache = { topic, layouts: new Map(), shapes: [], tries: maxTries }
        topics.set(topic, cache)
      }
      return decodeInto(cache, bytes, out)
    },
  }
}

const maxTopics = 50_000
const maxLayouts = 64
const maxBytes = 1_048_576
const maxShapeBytes = 4_096

interface TopicCache {
  readonly topic: string
  readonly layouts: Map<string, Layout>
  readonly shapes: Shape[]
  /** Shapes that may still be learned; a topic whose messages always differ is parsed. */
  tries: number
}

function decodeInto(cache: TopicCache, bytes: Uint8Array, out: Decoded): UndecodableReason | null {
  if (scanInto(cache.shapes, bytes, out)) return null
  out.n = 0
  if (bytes.length === 0) return 'empty'
  if (bytes.length > maxBytes) return 'too_large'
  const parsed = parse(bytes)
  if (typeof parsed === 'string') return parsed
  fill(out, parsed, layoutFor(cache, parsed))
  if (cache.tries > 0 && bytes.length <= maxShapeBytes && parsed.dropped === 0) learn(cache, bytes, out)
  return null
}

function scanInto(shapes: Shape[], bytes: Uint8Array, out: Decoded): boolean {
  for (let i = 0; i < shapes.length; i++) {
    const shape = shapes[i]!
    if (!scan(shape, bytes, out)) continue
    if (i > 0) {
      shapes[i] = shapes[0]!
      shapes[0] = shape
    }
    return true
  }
  return false
}

function learn(cache: TopicCache, bytes: Uint8Array, out: Decoded): void {
  cache.tries -= 1
  const shape = learnShape(bytes, out.layout)
  if (shape === null) return
  const check = createDecoded()
  if (scan(shape, bytes, check) && same(check, out)) cache.shapes.push(shape)
}

function same(a: Decoded, b: Decoded): boolean {
  if (a.n !== b.n || !Object.is(a.time, b.time)) return false
  for (let i = 0; i < a.n; i++) {
    if (a.kind[i] !== b.kind[i]) return false
    if (a.kind[i] === 2 ? a.text[i] !== b.text[i] : !Object.is(a.number[i], b.number[i])) return false
  }
  return true
}

function fill(out: Decoded, parsed: Parsed, layout: Layout): void {
  out.layout = layout
  out.n = parsed.values.length
  out.time = parsed.time
  out.dropped = parsed.dropped
  for (let i = 0; i < out.n; i++) put(out, i, parsed.values[i]!)
}

function put(out: Decoded, i: number, value: Value): void {
  if (typeof value === 'string') {
    out.kind[i] = 2
    out.text[i] = value
    return
  }
  out.kind[i] = typeof value === 'number' ? 0 : 1
  out.number[i] = Number(value)
}

function layoutFor(cache: TopicCache, parsed: Parsed): Layout {
  const key = parsed.single ? `\u0000${parsed.unit ?? ''}` : parsed.names.join('\u0001')
  let layout = cache.layouts.get(key)
  if (layout === undefined) {
    layout = makeLayout(cache.topic, parsed)
    if (cache.layouts.size < maxLayouts) cache.layouts.set(key, layout)
  }
  return layout
}

function makeLayout(topic: string, parsed: Parsed): Layout {
  const ids = new Int32Array(parsed.names.length * valueKinds.length).fill(-1)
  if (!parsed.single) return { place: devicePlace(topic), single: false, signals: parsed.names, unit: null, ids }
  const { signal, ...place } = signalPlace(topic)
  return { place, single: true, signals: [signal], unit: parsed.unit, ids }
}
