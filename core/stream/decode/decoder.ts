import type { Mapping, Topic, UndecodableReason } from '../../contract/model.ts'
import { devicePlace, signalPlace } from '../place.ts'
import type { Context } from './context.ts'
import { csvIn, putCsv } from './csv.ts'
import { addSignal, createDecoded, type Decoded, emptyLayout, inOrder, type Layout, putValue } from './decoded.ts'
import { putRows, rowsIn } from './json-rows.ts'
import { type Mapped, matchesFilter, prepareMapping } from './mapping.ts'
import { isMoreThanAValue } from './more-than-a-value.ts'
import { bareText, fields, type Parsed, sayOf } from './parse.ts'
import { learnShape, type Shape, scan, viewOf } from './shape.ts'
import { createTable, isFull, type SignalTable } from './signal-table.ts'
import { readSparkplug, type SparkplugTopic, sparkplugTopic } from './sparkplug.ts'

/** Stateless in meaning: the same topic, bytes and context always give the same answer. What it keeps are caches. */
export interface Decoder {
  decode(topic: Topic, bytes: Uint8Array, context: Context, out: Decoded): UndecodableReason | null
  /** What it keeps of a topic of this name, for who reads many messages of it. */
  cacheOf(name: string): TopicCache
  /** Whether the device of such a message is its whole topic, whatever else it says. False: only `decode` can tell. */
  isOfWholeTopic(topic: Topic, bytes: Uint8Array, from: number, to: number, context: Context): boolean
  /** Reads the message in bytes [from, to) in place, when it is like those before it. Null: only `decode` can tell. */
  scan(cache: TopicCache, view: DataView, from: number, to: number, context: Context, out: Decoded): Shape | null
}

/** `shapes: false` reads every message with JSON.parse; the answers are the same. */
export function createDecoder(options: { readonly shapes?: boolean } = {}): Decoder {
  const topics = new Map<string, TopicCache>()
  const prepared = new Map<Mapping, Mapped>()
  const maxTries = (options.shapes ?? true) ? 8 : 0
  return {
    decode({ source, name }, bytes, context, out) {
      const cache = this.cacheOf(name)
      if (this.scan(cache, viewOf(bytes), 0, bytes.length, context, out) !== null) return null
      const mapped = mappedBy(prepared, cache, context.mappings())
      if (mapped !== null) return bytes.length > maxBytes ? 'too_large' : mapped.read(name, bytes, context, out)
      if (cache.sparkplug === null) return parseInto(cache, bytes, context, out)
      if (bytes.length > maxBytes) return 'too_large'
      return readSparkplug(cache.sparkplug, source, bytes, context, out)
    },
    cacheOf(name) {
      const known = topics.get(name)
      if (known !== undefined) return known
      if (topics.size >= maxTopics) topics.clear()
      const cache = newCache(name, maxTries)
      topics.set(name, cache)
      return cache
    },
    isOfWholeTopic({ name }, bytes, from, to, context) {
      const cache = this.cacheOf(name)
      if (cache.sparkplug !== null || mappedBy(prepared, cache, context.mappings()) !== null) return false
      return isMoreThanAValue(bytes, from, to)
    },
    scan(cache, view, from, to, context, out) {
      begin(out)
      if (mappedBy(prepared, cache, context.mappings()) !== null || cache.sparkplug !== null) return null
      return scanAny(cache.shapes, view, from, to, context, out)
    },
  }
}

function newCache(topic: string, tries: number): TopicCache {
  return {
    topic,
    mappings: null,
    mapped: null,
    sparkplug: sparkplugTopic(topic),
    layouts: new Map(),
    table: null,
    shapes: [],
    tries,
  }
}

/** The one put last counts. */
function mappedBy(prepared: Map<Mapping, Mapped>, cache: TopicCache, mappings: readonly Mapping[]): Mapped | null {
  if (cache.mappings === mappings) return cache.mapped
  cache.mappings = mappings
  const mapping = mappings.findLast(({ topics }) => matchesFilter(topics, cache.topic))
  cache.mapped = mapping === undefined ? null : prepare(prepared, mapping)
  return cache.mapped
}

function prepare(prepared: Map<Mapping, Mapped>, mapping: Mapping): Mapped {
  let mapped = prepared.get(mapping)
  if (mapped === undefined) {
    if (prepared.size >= maxPrepared) prepared.clear()
    mapped = prepareMapping(mapping)
    prepared.set(mapping, mapped)
  }
  return mapped
}

const maxPrepared = 1_000

function begin(out: Decoded): void {
  out.n = 0
  out.slot = inOrder
  out.time = Number.NaN
  out.each = false
  out.left = null
  out.type = null
  out.node = ''
  out.sequence = -1
  out.birth = null
}

const maxTopics = 50_000
const maxLayouts = 64
const maxBytes = 1_048_576
const maxShapeBytes = 4_096

export interface TopicCache {
  readonly topic: string
  /** The list of mappings that was looked through, and the one that is for this topic. */
  mappings: readonly Mapping[] | null
  mapped: Mapped | null
  /** Null: a topic as any other. */
  readonly sparkplug: SparkplugTopic | null
  readonly layouts: Map<string, Layout>
  /** Signals of its messages that are rows. */
  table: SignalTable | null
  readonly shapes: Shape[]
  /** Shapes that may still be learned; a topic whose messages always differ is parsed. */
  tries: number
}

function parseInto(cache: TopicCache, bytes: Uint8Array, context: Context, out: Decoded): UndecodableReason | null {
  out.n = 0
  out.time = Number.NaN
  if (bytes.length === 0) return 'empty'
  if (bytes.length > maxBytes) return 'too_large'
  const said = sayOf(bytes)
  if (typeof said === 'string') return said
  const rows = 'json' in said ? rowsIn(said.json) : null
  if (rows !== null) return putRows(rows, tableOf(cache), context, out)
  const csv = 'text' in said ? csvIn(said.text) : null
  if (csv !== null) return putCsv(csv, tableOf(cache), context, out)
  const parsed = 'json' in said ? fields(said.json, context) : bareText(said.text)
  if (typeof parsed === 'string') return parsed
  fill(out, parsed, layoutFor(cache, parsed))
  if (cache.tries > 0 && bytes.length <= maxShapeBytes && parsed.dropped === 0) learn(cache, bytes, context, out)
  return null
}

function tableOf(cache: TopicCache): SignalTable {
  if (cache.table === null || isFull(cache.table)) cache.table = createTable(devicePlace(cache.topic))
  return cache.table
}

function scanAny(
  shapes: Shape[],
  view: DataView,
  from: number,
  to: number,
  context: Context,
  out: Decoded,
): Shape | null {
  for (let i = 0; i < shapes.length; i++) {
    const shape = shapes[i]!
    if (!scan(shape.form, view, from, to, context, out)) continue
    out.layout = shape.layout
    if (i > 0) {
      shapes[i] = shapes[0]!
      shapes[0] = shape
    }
    return shape
  }
  return null
}

function learn(cache: TopicCache, bytes: Uint8Array, context: Context, out: Decoded): void {
  cache.tries -= 1
  const shape = learnShape(bytes, out.layout)
  if (shape === null) return
  if (scan(shape.form, viewOf(bytes), 0, bytes.length, context, check) && same(check, out)) cache.shapes.push(shape)
}

const check = createDecoded()

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
  if (parsed.dropped > 0) out.left = 'too_large'
  for (let i = 0; i < out.n; i++) putValue(out, i, parsed.values[i]!)
}

function layoutFor(cache: TopicCache, parsed: Parsed): Layout {
  const { single, name, unit, names } = parsed
  const key = single ? `\u0000${unit ?? ''}\u0000${name ?? ''}` : names.join('\u0001')
  let layout = cache.layouts.get(key)
  if (layout === undefined) {
    layout = makeLayout(cache.topic, parsed)
    if (cache.layouts.size < maxLayouts) cache.layouts.set(key, layout)
  }
  return layout
}

function makeLayout(topic: string, { single, name, names, unit }: Parsed): Layout {
  if (single && name === null) {
    const { signal, ...place } = signalPlace(topic)
    const layout = emptyLayout(place, true)
    addSignal(layout, place, signal, unit)
    return layout
  }
  const layout = emptyLayout(devicePlace(topic), single)
  for (const each of name === null ? names : [name]) addSignal(layout, layout.place, each, unit)
  return layout
}
