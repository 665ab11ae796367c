import { FieldError } from '../../contract/errors.ts'
import type { Mapping, Millis, UndecodableReason } from '../../contract/model.ts'
import { devicePlace, type Place } from '../place.ts'
import { avroReader } from './avro.ts'
import type { Context } from './context.ts'
import { cellsOf, cellValue, type Separator } from './csv.ts'
import { beginEach, type Decoded, maxName, putReading, type Value } from './decoded.ts'
import { flatten, isValue, noFields, timeOf } from './parse.ts'
import { patternReader } from './pattern.ts'
import { protobufReader } from './protobuf.ts'
import { createTable, isFull, type SignalTable, slotOf } from './signal-table.ts'

/** The rows of a message as objects, and what the message says around them. */
interface Rows {
  readonly rows: readonly object[]
  readonly around: object
}

/** Takes a message apart; null: it is not what the mapping says. */
export type RowReader = (bytes: Uint8Array) => Rows | null

export const nothing = {}

/** A mapping, made ready to read messages. */
export interface Mapped {
  read(topic: string, bytes: Uint8Array, context: Context, out: Decoded): UndecodableReason | null
}

/** Throws FieldError `bad_input` with the field that cannot be understood. */
export function prepareMapping(mapping: Mapping): Mapped {
  const rows = readerFor(mapping)
  const tables = new Map<string, SignalTable>()
  return {
    read(topic, bytes, context, out) {
      const found = rows(bytes)
      if (found === null) return 'not_as_mapped'
      let table = tables.get(topic)
      if (table === undefined || isFull(table)) {
        if (tables.size >= maxTables) tables.clear()
        table = createTable(devicePlace(topic))
        tables.set(topic, table)
      }
      return putMapped({ mapping, topic: topic.split('/'), around: found.around, table, context, out }, found.rows)
    },
  }
}

const maxTables = 10_000

function readerFor(mapping: Mapping): RowReader {
  switch (mapping.format) {
    case 'json':
      return jsonReader(mapping.rows)
    case 'csv':
      return csvReader(mapping)
    case 'pattern':
      return patternReader(mapping.schema ?? '')
    case 'protobuf':
      return within(protobufReader(mapping.schema ?? ''), mapping.rows)
    case 'avro':
      return within(avroReader(mapping.schema ?? ''), mapping.rows)
    default:
      throw new FieldError(
        'bad_input',
        `format: "${String(mapping.format)}" is not json, csv, pattern, protobuf or avro`,
        {
          path: 'format',
        },
      )
  }
}

/** As MQTT has it: `+` is a level, `#` the rest. */
export function matchesFilter(filter: string, topic: string): boolean {
  const levels = filter.split('/')
  const parts = topic.split('/')
  for (let i = 0; i < levels.length; i++) {
    if (levels[i] === '#') return true
    if (i >= parts.length || (levels[i] !== '+' && levels[i] !== parts[i])) return false
  }
  return parts.length === levels.length
}

function jsonReader(rows: string | null): RowReader {
  return within((bytes) => {
    try {
      const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
      return typeof json === 'object' && json !== null ? json : null
    } catch {
      return null
    }
  }, rows)
}

/** The rows lie at a path; where it leads to an object, that is the only one. */
function within(read: (bytes: Uint8Array) => object | null, path: string | null): RowReader {
  return (bytes) => {
    const whole = read(bytes)
    const found = whole === null || path === null ? whole : fieldAt(whole, path)
    if (typeof found !== 'object' || found === null) return null
    const list = Array.isArray(found) ? found : [found]
    if (!list.every((row) => typeof row === 'object' && row !== null)) return null
    return { rows: list, around: whole ?? nothing }
  }
}

/** Columns by the names that the mapping gives, or else by the first line. */
function csvReader({ columns, separator }: Mapping): RowReader {
  const by = (separator ?? ',') as Separator
  return (bytes) => {
    const lines =
      textOf(bytes)
        ?.split(/\r?\n/)
        .filter((line) => line.trim() !== '') ?? []
    const names = columns ?? (lines.length > 1 ? cellsOf(lines.shift()!, by) : null)
    if (names === null || lines.length === 0) return null
    const rows = lines.map((line) => cellsOf(line, by))
    if (!rows.every((cells) => cells.length === names.length)) return null
    const objects = rows.map((cells) => Object.fromEntries(cells.flatMap((cell, i) => cellOf(names[i]!, cell, by))))
    return { rows: objects, around: nothing }
  }
}

function cellOf(name: string, cell: string, by: Separator): readonly (readonly [string, Value])[] {
  return name === '' || cell === '' ? [] : [[name, cellValue(cell, by)]]
}

export function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

interface Putting {
  readonly mapping: Mapping
  readonly topic: readonly string[]
  readonly around: object
  readonly table: SignalTable
  readonly context: Context
  readonly out: Decoded
}

function putMapped(putting: Putting, rows: readonly object[]): UndecodableReason | null {
  const { table, out } = putting
  beginEach(out)
  out.layout = table.layout
  for (const row of rows) putRow(putting, row)
  if (out.n > 0) return null
  const reason = out.left ?? 'no_value'
  out.left = null
  return reason
}

function putRow(putting: Putting, row: object): void {
  const { mapping, out } = putting
  if (!isGood(putting, row)) {
    out.left = 'bad_quality'
    return
  }
  const place = placeFor(putting, row)
  const time = timeFor(putting, row)
  if (mapping.signals === null) putAll(putting, row, place, time)
  else for (const signal of mapping.signals) putSignal(putting, row, place, time, signal)
}

function isGood(putting: Putting, row: object): boolean {
  const { quality } = putting.mapping
  if (quality === null) return true
  const said = lookUp(putting, row, quality.field)
  return said === undefined || quality.good.includes(String(said))
}

function placeFor(putting: Putting, row: object): Place {
  const { mapping, table } = putting
  if (mapping.device === null) return table.layout.place
  const name = filled(putting, mapping.device, row)
  return name === '' ? table.layout.place : devicePlace(name)
}

function timeFor(putting: Putting, row: object): Millis {
  const { mapping, context } = putting
  if (mapping.time === null) return Number.NaN
  return timeOf('ts', numeric(lookUp(putting, row, mapping.time)), context) ?? Number.NaN
}

/** A column or a piece of text that holds an epoch. */
function numeric(value: unknown): unknown {
  return typeof value === 'string' && /^\d{9,19}(\.\d+)?$/.test(value) ? Number(value) : value
}

/** Every field that is not spoken for. */
function putAll({ mapping, table, out }: Putting, row: object, place: Place, time: Millis): void {
  const found = noFields()
  if (!flatten(row, '', null, found)) out.left = 'not_finite'
  if (found.dropped > 0) out.left = 'too_large'
  const taken = new Set([mapping.time, mapping.quality?.field, ...fieldsIn(mapping.device ?? '')])
  for (let i = 0; i < found.names.length; i++)
    if (!taken.has(found.names[i]!))
      putReading(out, slotOf(table, place, found.names[i]!, mapping.unit), found.values[i]!, time, false)
}

function putSignal(
  putting: Putting,
  row: object,
  place: Place,
  time: Millis,
  { signal, field, unit }: NonNullable<Mapping['signals']>[number],
): void {
  const { mapping, table, out } = putting
  const value = lookUp(putting, row, field)
  if (!isValue(value)) return
  if (typeof value === 'number' && !Number.isFinite(value)) {
    out.left = 'not_finite'
    return
  }
  const name = filled(putting, signal, row).slice(0, maxName) || field
  putReading(out, slotOf(table, place, name, unit ?? mapping.unit), value, time, false)
}

/** `{2}` is the second level of the topic, `{name}` a field of the row. */
function filled(putting: Putting, template: string, row: object): string {
  return template.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    if (/^\d+$/.test(name)) return putting.topic[Number(name) - 1] ?? ''
    const value = lookUp(putting, row, name)
    return isValue(value) ? String(value) : ''
  })
}

function fieldsIn(template: string): string[] {
  return Array.from(template.matchAll(/\{([^{}]*)\}/g), ([, name]) => name!)
}

/** In the row, or else around it. */
function lookUp({ around }: Putting, row: object, path: string): unknown {
  return fieldAt(row, path) ?? fieldAt(around, path)
}

/** A field by its path, dots between; a name that holds dots itself is found too. */
function fieldAt(row: object, path: string): unknown {
  if (Object.hasOwn(row, path)) return (row as Record<string, unknown>)[path] // it has it
  let node: unknown = row
  for (const key of path.split('.')) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return undefined
    node = (node as Record<string, unknown>)[key] // as above
  }
  return node
}
