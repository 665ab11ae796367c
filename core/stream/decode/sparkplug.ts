import type { Millis, UndecodableReason } from '../../contract/model.ts'
import type { Place } from '../place.ts'
import { nodePlace } from '../place.ts'
import type { Birth, BirthMetric, Context } from './context.ts'
import { sameMetrics } from './context.ts'
import {
  addSignal,
  beginEach,
  type Decoded,
  emptyLayout,
  type Layout,
  maxName,
  maxReadings,
  maxText,
  putReading,
  type Value,
} from './decoded.ts'
import { arrayValues, isArrayType } from './sparkplug-arrays.ts'
import {
  float32,
  float64,
  nextField,
  readVarint,
  rewind,
  signed64,
  textIn,
  unsigned64,
  type Wire,
  wireOf,
} from './wire.ts'

// Sparkplug B, https://sparkplug.eclipse.org/specification: protobuf payloads whose metrics are named once, at birth.

const messageTypes = ['NBIRTH', 'DBIRTH', 'NDATA', 'DDATA', 'NDEATH', 'DDEATH', 'NCMD', 'DCMD'] as const
export type SparkplugType = (typeof messageTypes)[number]

/** `spBv1.0/group/type/edge[/device]`, taken apart once a topic. */
export interface SparkplugTopic {
  readonly type: SparkplugType
  readonly node: string
  readonly device: string | null
  readonly place: Place
  /** What was made of the births, by source. */
  readonly tables: Map<string, Table>
}

export function sparkplugTopic(name: string): SparkplugTopic | null {
  const [space, group, type, edge, device, ...more] = name.split('/')
  if (space !== 'spBv1.0' || group === undefined || edge === undefined || more.length > 0) return null
  const known = messageTypes.find((each) => each === type)
  if (known === undefined || known.startsWith('D') !== (device !== undefined)) return null
  const place = nodePlace(group, edge, device ?? null)
  return { type: known, node: `${group}/${edge}`, device: device ?? null, place, tables: new Map() }
}

/** The signals of one edge node or device, and how its messages name them. */
interface Table {
  readonly metrics: readonly BirthMetric[]
  readonly layout: Layout
  readonly byAlias: Map<number, number>
  readonly byName: Map<string, number>
  /** Sparkplug data type by slot. */
  readonly types: number[]
}

const maxSignals = 4_096
const noMetrics: readonly BirthMetric[] = []

/** Reads a message into `out`, with a birth that the owner of the context keeps. Never throws. */
export function readSparkplug(
  topic: SparkplugTopic,
  source: string,
  bytes: Uint8Array,
  context: Context,
  out: Decoded,
): UndecodableReason | null {
  const node = `${source}:${topic.node}`
  const key = topic.device === null ? node : `${node}/${topic.device}`
  if (!readHead(bytes, out)) return 'not_sparkplug'
  out.type = topic.type
  out.node = node
  beginEach(out)
  const known = validBirth(context, node, key)
  switch (topic.type) {
    case 'NBIRTH':
    case 'DBIRTH':
      return readBirth(topic, source, key, known, bytes, out)
    case 'NDATA':
    case 'DDATA':
      return readMetrics(bytes, tableFor(topic, source, known?.metrics ?? noMetrics), out)
    case 'NDEATH':
    case 'DDEATH':
      return readDeath(topic, source, known, bytes, out)
    default:
      return null // a command asks for something; it measures nothing
  }
}

/** The birth of a node ends what its devices were before. */
function validBirth(context: Context, node: string, key: string): Birth | null {
  const birth = context.birth(key)
  if (birth === null || key === node) return birth
  const ofNode = context.birth(node)
  return ofNode !== null && ofNode.offset > birth.offset ? null : birth
}

const payload: Wire = wireOf(new Uint8Array(0))

/** Time and sequence of the payload, and that all of it is protobuf. */
function readHead(bytes: Uint8Array, out: Decoded): boolean {
  rewind(payload, bytes, 0, bytes.length)
  for (;;) {
    const field = nextField(payload)
    if (field <= 0) return field === 0
    if (field === 1 && payload.type === 0) out.time = unsigned64(payload.low, payload.high)
    else if (field === 3 && payload.type === 0) out.sequence = payload.low
  }
}

function readBirth(
  topic: SparkplugTopic,
  source: string,
  key: string,
  known: Birth | null,
  bytes: Uint8Array,
  out: Decoded,
): UndecodableReason | null {
  const metrics: BirthMetric[] = []
  const session = readDeclared(bytes, metrics)
  if (session === null) return 'not_sparkplug'
  const same = known !== null && sameMetrics(known.metrics, metrics)
  out.birth = { key, offset: -1, session, metrics: same ? known.metrics : metrics, same }
  const table = tableFor(topic, source, out.birth.metrics)
  putOnline(table, true, out)
  return readMetrics(bytes, table, out)
}

/** Answers the session that the birth names, -1 for none, and null when it is no Sparkplug. */
function readDeclared(bytes: Uint8Array, metrics: BirthMetric[]): number | null {
  let session = -1
  rewind(payload, bytes, 0, bytes.length)
  for (let field = nextField(payload); field !== 0; field = nextField(payload)) {
    if (field !== 2 || payload.type !== 2) continue
    if (!readMetric(bytes, payload.from, payload.to)) return null
    if (metric.name === 'bdSeq') session = unsigned64(metric.low, metric.high)
    if (metric.name === null || isOfProtocol(metric.name) || metrics.length === maxSignals) continue
    const { name, alias, type } = metric
    metrics.push({ name, alias, type, unit: unitOf(bytes) })
  }
  return session
}

/** The bdSeq counter and the switches for commands are the protocol's own. */
function isOfProtocol(name: string): boolean {
  return name === 'bdSeq' || name.startsWith('Node Control/') || name.startsWith('Device Control/')
}

function tableFor(topic: SparkplugTopic, source: string, metrics: readonly BirthMetric[]): Table {
  const known = topic.tables.get(source)
  if (known !== undefined && known.metrics === metrics && known.layout.signals.length < 2 * maxSignals) return known
  const table = makeTable(topic, metrics)
  topic.tables.set(source, table)
  return table
}

function makeTable({ place }: SparkplugTopic, metrics: readonly BirthMetric[]): Table {
  const table: Table = { metrics, layout: emptyLayout(place), byAlias: new Map(), byName: new Map(), types: [] }
  for (const { name, alias, type, unit } of metrics) {
    const slot = slotOf(table, name, type, unit)
    if (alias !== null) table.byAlias.set(alias, slot)
  }
  return table
}

function slotOf(table: Table, name: string, type: number, unit: string | null): number {
  const known = table.byName.get(name)
  if (known !== undefined) return known
  const slot = addSignal(table.layout, table.layout.place, name, unit)
  table.byName.set(name, slot)
  table.types[slot] = type
  return slot
}

/** A metric as it was read last. */
const metric = {
  name: null as string | null,
  alias: null as number | null,
  time: Number.NaN,
  type: 0,
  historical: false,
  isNull: false,
  /** Field number of the value, 10 to 18; 0: there is none. */
  value: 0,
  low: 0,
  high: 0,
  from: 0,
  to: 0,
  /** The properties, [from, to). */
  propsFrom: 0,
  propsTo: 0,
}
const metricWire: Wire = wireOf(new Uint8Array(0))

function readMetric(bytes: Uint8Array, from: number, to: number): boolean {
  metric.name = metric.alias = null
  metric.time = Number.NaN
  metric.type = metric.value = metric.propsFrom = metric.propsTo = 0
  metric.historical = metric.isNull = false
  rewind(metricWire, bytes, from, to)
  for (;;) {
    const field = nextField(metricWire)
    if (field <= 0) return field === 0
    takeMetricField(field, bytes)
  }
}

/** A field of another wire type than the specification's is as unknown as one of another number. */
function takeMetricField(field: number, bytes: Uint8Array): void {
  if (metricWire.type === 2) takePiece(field, bytes)
  else takeNumber(field)
}

function takePiece(field: number, bytes: Uint8Array): void {
  const { from, to } = metricWire
  if (field === 1) metric.name = textIn(bytes, from, Math.min(to, from + maxName))
  else if (field === 9) {
    metric.propsFrom = from
    metric.propsTo = to
  } else if (field >= 15 && field <= 18) {
    metric.value = field
    metric.from = from
    metric.to = to
  }
}

function takeNumber(field: number): void {
  const { low, high } = metricWire
  if (field === 2) metric.alias = unsigned64(low, high)
  else if (field === 3) metric.time = unsigned64(low, high)
  else if (field === 4) metric.type = low
  else if (field === 5) metric.historical = low !== 0
  else if (field === 7) metric.isNull = low !== 0
  else if (field >= 10 && field <= 14) {
    metric.value = field
    metric.low = low
    metric.high = high
  }
}

function readDeath(
  topic: SparkplugTopic,
  source: string,
  known: Birth | null,
  bytes: Uint8Array,
  out: Decoded,
): UndecodableReason | null {
  const session = readDeclared(bytes, [])
  if (session === null) return 'not_sparkplug'
  out.time = Number.NaN // the broker sends it for the node; what it says was written when the session began
  const stale = known !== null && session >= 0 && known.session >= 0 && session !== known.session
  if (!stale) putOnline(tableFor(topic, source, known?.metrics ?? noMetrics), false, out)
  return null
}

function putOnline(table: Table, online: boolean, out: Decoded): void {
  out.layout = table.layout
  putReading(out, slotOf(table, 'online', booleanType, null), online, out.time, false)
}

function readMetrics(bytes: Uint8Array, table: Table, out: Decoded): UndecodableReason | null {
  const sent = out.time
  out.layout = table.layout
  rewind(payload, bytes, 0, bytes.length)
  for (let field = nextField(payload); field !== 0; field = nextField(payload)) {
    if (field !== 2 || payload.type !== 2) continue
    if (!readMetric(bytes, payload.from, payload.to)) return 'not_sparkplug'
    if (Number.isNaN(metric.time)) metric.time = sent
    putMetric(bytes, table, out)
  }
  if (out.n > 0 || out.left === null) return null
  const { left } = out
  out.left = null
  return left
}

function putMetric(bytes: Uint8Array, table: Table, out: Decoded): void {
  const { name, alias } = metric
  if (name !== null && isOfProtocol(name)) return
  const slot = (alias === null ? undefined : table.byAlias.get(alias)) ?? (name === null ? -1 : namedSlot(table, name))
  if (slot < 0) out.left = 'sparkplug_no_birth'
  else if (!isGood(bytes)) out.left = 'bad_quality'
  else if (!metric.isNull && metric.value !== 0) putMetricValue(bytes, table, slot, 0, out)
}

function namedSlot(table: Table, name: string): number {
  return name === '' ? -1 : slotOf(table, name, metric.type, null)
}

function putMetricValue(bytes: Uint8Array, table: Table, slot: number, depth: number, out: Decoded): void {
  const { value, time, historical, from, to } = metric
  const type = metric.type === 0 ? table.types[slot]! : metric.type
  const name = table.layout.signals[slot]!
  if (value === 16) {
    if (!isArrayType(type)) return // a file is kept in the log; it is no reading
    const values = arrayValues(type, bytes.subarray(from, to), maxReadings)
    for (let i = 0; i < values.length; i++)
      put(out, slotOf(table, `${name}/${i}`, type, null), values[i]!, time, historical)
  } else if (value === 17) putDataSet(bytes, table, name, out)
  else if (value === 18) putTemplate(bytes, table, name, depth + 1, out)
  else put(out, slot, scalarValue(bytes, type), time, historical)
}

function put(out: Decoded, slot: number, value: Value, time: Millis, historical: boolean): void {
  if (typeof value === 'number' && !Number.isFinite(value)) out.left = 'not_finite'
  else putReading(out, slot, value, time, historical)
}

function scalarValue(bytes: Uint8Array, type: number): Value {
  const { value, low, high, from, to } = metric
  if (value === 10) return intOf(type, low)
  if (value === 11) return type <= int64Type ? signed64(low, high) : unsigned64(low, high)
  if (value === 12) return float32(low)
  if (value === 13) return float64(low, high)
  return value === 14 ? low !== 0 : textIn(bytes, from, Math.min(to, from + 4 * maxText))
}

/** Negative numbers travel as the bits of their two's complement, some encoders with those of the type's own width only. */
function intOf(type: number, low: number): number {
  if (type === 1) return (low << 24) >> 24
  if (type === 2) return (low << 16) >> 16
  return type === 3 || type === int64Type ? low | 0 : low
}

const int64Type = 4
const booleanType = 11

/** Properties are two lists, keys and values in the same order. */
function property(bytes: Uint8Array, wanted: (key: string) => boolean): Wire | null {
  if (metric.propsTo === 0) return null
  const keys = wireOf(bytes, metric.propsFrom, metric.propsTo)
  let at = 0
  for (let field = nextField(keys); field > 0; field = nextField(keys)) {
    if (field !== 1 || keys.type !== 2) continue
    if (wanted(textIn(bytes, keys.from, keys.to))) return propertyValue(bytes, at)
    at++
  }
  return null
}

function propertyValue(bytes: Uint8Array, wanted: number): Wire | null {
  const values = wireOf(bytes, metric.propsFrom, metric.propsTo)
  let at = 0
  for (let field = nextField(values); field > 0; field = nextField(values)) {
    if (field !== 2 || values.type !== 2) continue
    if (at === wanted) return wireOf(bytes, values.from, values.to)
    at++
  }
  return null
}

const unitKey = /^(eng(ineering)?[ _]?)?units?$/i

function unitOf(bytes: Uint8Array): string | null {
  const value = property(bytes, (key) => unitKey.test(key))
  if (value === null) return null
  for (let field = nextField(value); field > 0; field = nextField(value))
    if (field === 8 && value.type === 2) return textIn(bytes, value.from, value.to).slice(0, maxUnit) || null
  return null
}

const maxUnit = 32
const maxDepth = 16

/** The specification knows three: 0 bad, 192 good, 500 stale. */
function isGood(bytes: Uint8Array): boolean {
  const value = property(bytes, (key) => key === 'Quality' || key === 'quality')
  if (value === null) return true
  for (let field = nextField(value); field > 0; field = nextField(value))
    if (field === 3 || field === 4) return value.low !== 0 && value.low !== 500
  return true
}

/** Members of a template are signals below its name; a definition only says how they look. */
function putTemplate(bytes: Uint8Array, table: Table, name: string, depth: number, out: Decoded): void {
  if (depth > maxDepth) {
    out.left = 'too_deep'
    return
  }
  const { time, historical, from, to } = metric
  if (isDefinition(bytes, from, to)) return
  const members = wireOf(bytes, from, to)
  for (let field = nextField(members); field > 0; field = nextField(members)) {
    if (field !== 2 || members.type !== 2 || !readMetric(bytes, members.from, members.to)) continue
    if (metric.name === null || metric.isNull || metric.value === 0) continue
    if (Number.isNaN(metric.time)) metric.time = time
    metric.historical ||= historical
    const slot = slotOf(table, `${name}/${metric.name}`.slice(0, maxName), metric.type, null)
    putMetricValue(bytes, table, slot, depth, out)
  }
}

function isDefinition(bytes: Uint8Array, from: number, to: number): boolean {
  const fields = wireOf(bytes, from, to)
  for (let field = nextField(fields); field > 0; field = nextField(fields))
    if (field === 5 && fields.type === 0) return fields.low !== 0
  return false
}

/** A cell is a signal: `name/column`, or `name/row/column` where there are several rows. */
function putDataSet(bytes: Uint8Array, table: Table, name: string, out: Decoded): void {
  const { time, historical, from, to } = metric
  const { columns, types, rows } = dataSetParts(bytes, from, to)
  for (let row = 0; row < rows.length; row++) {
    const cells = wireOf(bytes, rows[row]!.from, rows[row]!.to)
    const above = rows.length > 1 ? `${name}/${row}` : name
    for (let column = 0, field = nextField(cells); field > 0; field = nextField(cells)) {
      if (field !== 1 || cells.type !== 2 || column >= columns.length) continue
      const value = cellValue(bytes, cells.from, cells.to, types[column] ?? 0)
      const slot = slotOf(table, `${above}/${columns[column]}`.slice(0, maxName), types[column] ?? 0, null)
      if (value !== null) put(out, slot, value, time, historical)
      column++
    }
  }
}

interface Range {
  readonly from: number
  readonly to: number
}

function dataSetParts(
  bytes: Uint8Array,
  from: number,
  to: number,
): { readonly columns: string[]; readonly types: number[]; readonly rows: Range[] } {
  const columns: string[] = []
  const types: number[] = []
  const rows: Range[] = []
  const parts = wireOf(bytes, from, to)
  for (let field = nextField(parts); field > 0; field = nextField(parts)) {
    if (field === 2 && parts.type === 2) columns.push(textIn(bytes, parts.from, parts.to))
    else if (field === 3 && parts.type === 0) types.push(parts.low)
    else if (field === 3 && parts.type === 2) packedTypes(bytes, parts, types)
    else if (field === 4 && parts.type === 2) rows.push({ from: parts.from, to: parts.to })
  }
  return { columns, types, rows }
}

function packedTypes(bytes: Uint8Array, { from, to }: Range, types: number[]): void {
  const packed = wireOf(bytes, from, to)
  while (packed.at < to && readVarint(packed)) types.push(packed.low)
}

/** The fields of a cell are those of a metric's value, counted from 1. */
function cellValue(bytes: Uint8Array, from: number, to: number, type: number): Value | null {
  rewind(metricWire, bytes, from, to)
  const field = nextField(metricWire)
  if (field < 1 || field > 6) return null
  takeMetricField(field + 9, bytes)
  return scalarValue(bytes, type)
}
