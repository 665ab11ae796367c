import type { Millis, UndecodableReason } from '../../contract/model.ts'
import type { Context } from './context.ts'
import { beginEach, type Decoded, maxName, putReading, type Value } from './decoded.ts'
import {
  flatten,
  isBad,
  isValue,
  noFields,
  type Parsed,
  qualityKeys,
  rowNameKeys,
  timeKeys,
  timeOf,
  unitKeys,
} from './parse.ts'
import { type SignalTable, slotOf } from './signal-table.ts'

/** A message that holds readings as rows, each with its own time or the name of its signal. */
export interface JsonRows {
  /** Fields beside the rows: they count for all of them. */
  readonly around: object
  readonly rows: readonly object[]
}

/** `[{ts, ...}, ...]`, `[{name, value}, ...]`, SenML, or one of these as a field of an object; null: none of them. */
export function rowsIn(json: unknown): JsonRows | null {
  if (Array.isArray(json)) return isRows(json) ? { around: {}, rows: json } : null
  if (typeof json !== 'object' || json === null) return null
  const found = Object.entries(json).filter(([, field]) => Array.isArray(field) && isRows(field))
  if (found.length !== 1) return null
  const [key, rows] = found[0]!
  const around = Object.fromEntries(Object.entries(json).filter(([name]) => name !== key))
  return { around, rows: rows as readonly object[] } // isRows has looked at each
}

function isRows(list: readonly unknown[]): list is readonly object[] {
  return list.length > 0 && list.every((row) => typeof row === 'object' && row !== null && isRow(row))
}

function isRow(row: object): boolean {
  return !Array.isArray(row) && Object.keys(row).some((key) => timeKeys.has(key) || rowNameKeys.has(key))
}

const rowValueKeys: ReadonlySet<string> = new Set(['value', 'v', 'vs', 'vb'])
const relativeSeconds = 268_435_456

interface Base {
  name: string
  seconds: number
  unit: string | null
  time: Millis
  readonly context: Context
}

/** Reads the rows in the order of their time. */
export function putRows(
  { around, rows }: JsonRows,
  table: SignalTable,
  context: Context,
  out: Decoded,
): UndecodableReason | null {
  beginEach(out)
  out.layout = table.layout
  const base: Base = { name: '', seconds: 0, unit: null, context, time: Number.NaN }
  const shared = flat(around, context)
  if (shared === null) return 'not_finite'
  base.time = shared.time
  putFields(shared, shared.time, table, out)
  const times = rows.map((row) => ownTime(row, context))
  const backwards = times.length > 1 && times[0]! > times[times.length - 1]!
  for (let i = 0; i < rows.length; i++) {
    const row = rows[backwards ? rows.length - 1 - i : i]!
    if (!putRow(row, base, table, out)) return 'not_finite'
  }
  return out.n === 0 ? (out.left ?? 'no_value') : null
}

function ownTime(row: object, context: Context): Millis {
  for (const [key, field] of Object.entries(row))
    if (timeKeys.has(key)) return timeOf(key, field, context) ?? Number.NaN
  return Number.NaN
}

function flat(fields: object, context: Context): Parsed | null {
  const found = noFields()
  return flatten(fields, '', context, found) ? found : null
}

function putFields({ names, values, dropped }: Parsed, time: Millis, table: SignalTable, out: Decoded): void {
  for (let i = 0; i < names.length; i++)
    putReading(out, slotOf(table, table.layout.place, names[i]!, null), values[i]!, time, false)
  if (dropped > 0) out.left = 'too_large'
}

/** False when a number is not finite. */
function putRow(row: object, base: Base, table: SignalTable, out: Decoded): boolean {
  const named = namedRow(row, base)
  if (named === null) {
    const found = flat(unwrapped(row), base.context)
    if (found === null) return false
    const time = ownTime(row, base.context)
    putFields(found, Number.isNaN(time) ? base.time : time, table, out)
    return true
  }
  const { name, value, time, unit, good } = named
  if (typeof value === 'number' && !Number.isFinite(value)) return false
  if (!good) out.left = 'bad_quality'
  else if (value !== null) putReading(out, slotOf(table, table.layout.place, name, unit), value, time, false)
  return true
}

function unwrapped(row: object): object {
  const { values, ...more } = row as { readonly values?: unknown } // any object may have one
  return typeof values === 'object' && values !== null && !Array.isArray(values) ? { ...more, ...values } : row
}

interface Named {
  readonly name: string
  readonly value: Value | null
  readonly time: Millis
  readonly unit: string | null
  readonly good: boolean
}

/** A row that names its signal and has one value; null: its fields are signals. A row that only sets the base has no value. */
function namedRow(row: object, base: Base): Named | null {
  let name: string | null = null
  let value: Value | null = null
  let time = base.time
  let seconds: number | null = null
  let unit: string | null = null
  let good = true
  for (const [key, field] of Object.entries(row)) {
    if (rowNameKeys.has(key) && typeof field === 'string') {
      if (key === 'bn') base.name = field
      else name = field
    } else if (rowValueKeys.has(key) && isValue(field)) value = field
    else if (key === 'bt' && typeof field === 'number') base.seconds = field
    else if (key === 'bu' && typeof field === 'string') base.unit = field
    else if (key === 't' && typeof field === 'number') seconds = field
    else if (timeKeys.has(key) && timeOf(key, field, base.context) !== null) time = timeOf(key, field, base.context)!
    else if (unitKeys.has(key) && typeof field === 'string') unit = field.slice(0, 32)
    else if (qualityKeys.has(key)) good = !isBad(field)
    else if (!baseKeys.has(key)) return null
  }
  if (name === null && base.name === '') return null
  const at = (seconds ?? 0) + base.seconds
  if (seconds !== null || base.seconds !== 0) time = timeOfSeconds(at, base)
  return { name: (base.name + (name ?? '')).slice(0, maxName), value, time, unit: unit ?? base.unit, good }
}

/** What SenML may hold beside, and we do not read: base value and sum, version, update time. */
const baseKeys: ReadonlySet<string> = new Set(['bv', 'bs', 'bver', 's', 'ut', 'vd'])

/** SenML counts small times from now. */
function timeOfSeconds(seconds: number, { time, context }: Base): Millis {
  return seconds < relativeSeconds ? time : (timeOf('ts', seconds, context) ?? time)
}
