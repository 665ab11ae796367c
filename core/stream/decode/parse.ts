import type { Millis, UndecodableReason } from '../../contract/model.ts'
import { epochMillis, isoMillis } from '../event-time.ts'
import type { Context } from './context.ts'
import { maxName, maxText, type Value } from './decoded.ts'

/** A message read the plain way. */
export interface Parsed {
  /** One value: the message names its signal, or else the topic does. */
  readonly single: boolean
  readonly name: string | null
  /** Field paths joined by dots. */
  readonly names: string[]
  readonly values: Value[]
  time: Millis
  unit: string | null
  dropped: number
}

const maxDepth = 16
/** Most signals of one message. */
const maxSignals = 256
export const timeKeys: ReadonlySet<string> = new Set(['ts', 'time', 'timestamp', 't'])
export const valueKeys: ReadonlySet<string> = new Set(['value', 'v'])
export const unitKeys: ReadonlySet<string> = new Set(['unit', 'u'])
export const qualityKeys: ReadonlySet<string> = new Set(['q', 'quality'])
export const nameKeys: ReadonlySet<string> = new Set(['name', 'n'])
/** SenML (RFC 8428) gives the beginning of names once, for the rows that follow. */
export const rowNameKeys: ReadonlySet<string> = new Set([...nameKeys, 'bn'])
const wrapper = 'values'

/** What the bytes say as text: JSON that was read, or other text. Never throws. */
export type Said = { readonly json: unknown } | { readonly text: string } | UndecodableReason

export function sayOf(bytes: Uint8Array): Said {
  const text = textOf(bytes)
  if (text === null) return 'not_text'
  if (isDeep(bytes)) return 'too_deep'
  const json = jsonOf(text)
  return json === undefined ? { text: text.trim() } : { json }
}

/** A time that a message carries under a key such as `ts`, or null when the value is not one. */
export function timeOf(key: string, value: unknown, context: Context): Millis | null {
  if (typeof value === 'string') {
    const time = isoMillis(value, context)
    return Number.isNaN(time) ? null : time
  }
  return typeof value === 'number' && isTimeNumber(key, value) ? epochMillis(value) : null
}

/** Under `t` a small number is more likely a temperature than 1973. */
export function isTimeNumber(key: string, value: number): boolean {
  return key !== 't' || !(value < 1e8)
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Depth by brackets outside strings, before JSON.parse may build it. */
function isDeep(bytes: Uint8Array): boolean {
  let depth = 0
  let quoted = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (quoted) {
      if (byte === 0x5c) i++
      else if (byte === 0x22) quoted = false
    } else if (byte === 0x22) quoted = true
    else if (byte === 0x7b || byte === 0x5b) {
      depth++
      if (depth > maxDepth) return true
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return false
}

const plainNumber = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const notFinite = /^[+-]?(nan|inf|infinity)$/i
const notFiniteInside = /[[:,\s][+-]?(NaN|nan|Infinity|inf)\s*[,}\]]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unprintable = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/

/** A bare number, boolean or short text. */
export function bareText(text: string): Parsed | UndecodableReason {
  if (text === '') return 'empty'
  if (notFinite.test(text)) return 'not_finite'
  if (plainNumber.test(text)) return scalar(Number(text))
  if (text.startsWith('{') || text.startsWith('[') || text.startsWith('"'))
    return notFiniteInside.test(text) ? 'not_finite' : 'not_json'
  if (unprintable.test(text)) return 'not_text'
  return text.length > maxText ? 'not_json' : scalar(text)
}

function scalar(value: Value): Parsed | UndecodableReason {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'not_finite'
  const kept = typeof value === 'string' ? value.slice(0, maxText) : value
  return { single: true, name: null, names: ['value'], values: [kept], time: Number.NaN, unit: null, dropped: 0 }
}

/** JSON as one value, or as a signal for each field. */
export function fields(json: unknown, context: Context): Parsed | UndecodableReason {
  if (json === null) return 'no_value'
  if (typeof json !== 'object') return scalar(json as Value) // what JSON.parse gives beside objects and null
  const single = Array.isArray(json) ? null : singleValue(json, context)
  if (single !== null) return single
  const found = noFields()
  const inner = wrapped(json, context)
  if (inner !== null) takeTime(json, context, found)
  if (!flatten(inner ?? json, '', inner === null ? context : null, found)) return 'not_finite'
  return found.values.length === 0 ? 'no_value' : found
}

export function noFields(): Parsed {
  return { single: false, name: null, names: [], values: [], time: Number.NaN, unit: null, dropped: 0 }
}

/** `{ts, values: {...}}` and nothing else holds its fields one level down. */
function wrapped(json: object, context: Context): object | null {
  let inner: object | null = null
  for (const [key, field] of Object.entries(json)) {
    if (key === wrapper && typeof field === 'object' && field !== null && !Array.isArray(field)) inner = field
    else if (!timeKeys.has(key) || timeOf(key, field, context) === null) return null
  }
  return inner
}

function takeTime(json: object, context: Context, found: Parsed): void {
  for (const [key, field] of Object.entries(json)) if (key !== wrapper) found.time = timeOf(key, field, context)!
}

/** `{value, ts, quality, unit, name}` and nothing else is one value with its time. */
function singleValue(json: object, context: Context): Parsed | UndecodableReason | null {
  let value: Value | null = null
  let time = Number.NaN
  let unit: string | null = null
  let name: string | null = null
  let good = true
  for (const [key, field] of Object.entries(json)) {
    if (valueKeys.has(key) && value === null && isValue(field)) value = field
    else if (timeKeys.has(key) && timeOf(key, field, context) !== null) time = timeOf(key, field, context)!
    else if (unitKeys.has(key) && typeof field === 'string') unit = field.slice(0, 32)
    else if (nameKeys.has(key) && typeof field === 'string' && field !== '') name = field.slice(0, maxName)
    else if (qualityKeys.has(key) && typeof field !== 'object') good = !isBad(field)
    else return null
  }
  if (value === null) return null
  if (!good) return 'bad_quality'
  const found = scalar(value)
  return typeof found === 'string' ? found : { ...found, time, unit, name }
}

/** A number for quality means one thing to one maker and its opposite to the next; the word is plain. */
export function isBad(quality: unknown): boolean {
  return typeof quality === 'string' && /^bad/i.test(quality)
}

export function isValue(field: unknown): field is Value {
  return typeof field === 'number' || typeof field === 'boolean' || typeof field === 'string'
}

/** False when a number is not finite. With a context, a time among the fields is the message's. */
export function flatten(node: object, path: string, context: Context | null, found: Parsed): boolean {
  for (const [key, field] of Object.entries(node)) {
    const name = path === '' ? key || '_' : `${path}.${key}`
    if (typeof field === 'object') {
      if (field !== null && !flatten(field as object, name, null, found)) return false
    } else if (!takeField(name, key, field as Value, context, found)) return false
  }
  return true
}

function takeField(name: string, key: string, field: Value, context: Context | null, found: Parsed): boolean {
  if (typeof field === 'number' && !Number.isFinite(field)) return false
  const time = context !== null && timeKeys.has(key) ? timeOf(key, field, context) : null
  if (time !== null) {
    found.time = time
    return true
  }
  if (found.values.length === maxSignals) {
    found.dropped += 1
    return true
  }
  found.names.push(name.slice(0, maxName))
  found.values.push(typeof field === 'string' ? field.slice(0, maxText) : field)
  return true
}
