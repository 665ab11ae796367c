import type { Millis, UndecodableReason } from '../../contract/model.ts'
import { epochMillis, isoMillis } from '../event-time.ts'
import { maxName, maxText, type Value } from './decoded.ts'

/** A message read the plain way. */
export interface Parsed {
  /** One value, so that the topic names the signal. */
  readonly single: boolean
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

/** JSON, or a bare number, boolean or short text. Never throws. */
export function parse(bytes: Uint8Array): Parsed | UndecodableReason {
  const text = textOf(bytes)
  if (text === null) return 'not_text'
  if (isDeep(bytes)) return 'too_deep'
  const json = jsonOf(text)
  return json === undefined ? bareText(text.trim()) : fields(json)
}

/** A time that a message carries under a key such as `ts`, or null when the value is not one. */
export function timeOf(key: string, value: unknown): Millis | null {
  if (typeof value === 'string') {
    const time = isoMillis(value)
    return Number.isNaN(time) ? null : time
  }
  if (typeof value !== 'number') return null
  if (key === 't' && value < 1e8) return null // more likely a temperature than 1973
  return epochMillis(value)
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

function bareText(text: string): Parsed | UndecodableReason {
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
  return { single: true, names: ['value'], values: [kept], time: Number.NaN, unit: null, dropped: 0 }
}

function fields(json: unknown): Parsed | UndecodableReason {
  if (json === null) return 'no_value'
  if (typeof json !== 'object') return scalar(json as Value) // what JSON.parse gives beside objects and null
  const single = Array.isArray(json) ? null : singleValue(json)
  if (single !== null) return single
  const found: Parsed = { single: false, names: [], values: [], time: Number.NaN, unit: null, dropped: 0 }
  if (!flatten(json, '', found)) return 'not_finite'
  return found.values.length === 0 ? 'no_value' : found
}

/** `{value, ts, quality, unit}` and nothing else is one value with its time. */
function singleValue(json: object): Parsed | UndecodableReason | null {
  let value: Value | null = null
  let time = Number.NaN
  let unit: string | null = null
  for (const [key, field] of Object.entries(json)) {
    if (valueKeys.has(key) && value === null && isValue(field)) value = field
    else if (timeKeys.has(key) && timeOf(key, field) !== null) time = timeOf(key, field)!
    else if (unitKeys.has(key) && typeof field === 'string') unit = field.slice(0, 32)
    else if (!qualityKeys.has(key) || typeof field === 'object') return null
  }
  if (value === null) return null
  const found = scalar(value)
  return typeof found === 'string' ? found : { ...found, time, unit }
}

function isValue(field: unknown): field is Value {
  return typeof field === 'number' || typeof field === 'boolean' || typeof field === 'string'
}

/** False when a number is not finite. */
function flatten(node: object, path: string, found: Parsed): boolean {
  for (const [key, field] of Object.entries(node)) {
    const name = path === '' ? key || '_' : `${path}.${key}`
    if (typeof field === 'object') {
      if (field !== null && !flatten(field as object, name, found)) return false
    } else if (!takeField(name, key, field as Value, path, found)) return false
  }
  return true
}

function takeField(name: string, key: string, field: Value, path: string, found: Parsed): boolean {
  if (typeof field === 'number' && !Number.isFinite(field)) return false
  const time = path === '' && timeKeys.has(key) ? timeOf(key, field) : null
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
