import { epochMillis, isoMillis } from '../event-time.ts'
import { type Context, noContext } from './context.ts'
import { createDecoded, type Decoded, type Layout } from './decoded.ts'
import { findNumber } from './number.ts'
import { isTimeNumber, nameKeys, qualityKeys, rowNameKeys, timeKeys, unitKeys, valueKeys } from './parse.ts'

/** A form, with the signals whose values it holds in one topic. */
export interface Shape {
  readonly layout: Layout
  readonly form: Form
}

/** The bytes of a message that stay the same between its values. Of messages that have the same it is the same object. */
export interface Form {
  /** Lengths of what stands before the first slot, between two, after the last: one more than there are slots. */
  readonly lengths: Int32Array
  /** Those bytes, as `partsOf` reads them, one behind the other. */
  readonly parts: Float64Array
  /** Slot i holds a time under this key; null: it holds a reading. */
  readonly times: readonly (string | null)[]
}

/** A number that is no reading. */
const found = new Float64Array(1)
const maxSlots = 64

/** Reads the message in bytes [from, to), if it has this form. False when it has another: `out` then holds nothing of use. */
export function scan(form: Form, view: DataView, from: number, to: number, context: Context, out: Decoded): boolean {
  const { lengths, parts, times } = form
  let at = from
  let n = 0
  let part = 0
  out.time = Number.NaN
  for (let slot = 0; slot < times.length; slot++) {
    const begin = at + lengths[slot]!
    if (!isLiteral(parts, part, view, at, begin, to)) return false
    part += partsIn(lengths[slot]!)
    const key = times[slot]!
    at = key === null ? scanValue(view, begin, to, out, n++) : scanTime(key, view, begin, to, context, out)
    if (at < 0) return false
  }
  out.n = n
  return at + lengths[times.length]! === to && isLiteral(parts, part, view, at, to, to)
}

/** The same for a message whose values are all numbers; it sets nothing but `n`, `number` and `time`. */
export function scanNumbers(
  { lengths, parts, times }: Form,
  view: DataView,
  from: number,
  to: number,
  context: Context,
  out: Decoded,
): boolean {
  const slots = times.length
  let at = from
  let n = 0
  let part = 0
  out.time = Number.NaN
  for (let slot = 0; slot <= slots; slot++) {
    const length = lengths[slot]!
    const end = at + length
    if (end > to) return false
    if (length >= 8) {
      for (; at < end - 8; at += 8) if (view.getFloat64(at, true) !== parts[part++]) return false
      if (view.getFloat64(end - 8, true) !== parts[part++]) return false
    } else if (length >= 4) {
      if (view.getInt32(at, true) !== parts[part++] || view.getInt32(end - 4, true) !== parts[part++]) return false
    } else for (; at < end; at++) if (view.getUint8(at) !== parts[part++]) return false
    at = end
    if (slot === slots) break
    const key = times[slot]!
    at = key === null ? findNumber(view, at, to, out.number, n++) : scanTime(key, view, at, to, context, out)
    if (at < 0) return false
  }
  out.n = n
  return at === to
}

/** Whether bytes [at, end) are those of which the parts from `part` on are made. */
function isLiteral(parts: Float64Array, part: number, view: DataView, at: number, end: number, to: number): boolean {
  if (end > to) return false
  if (end - at < 8) return isShort(parts, part, view, at, end)
  let next = part
  for (let i = at; i < end - 8; i += 8) if (view.getFloat64(i, true) !== parts[next++]) return false
  return view.getFloat64(end - 8, true) === parts[next]
}

function isShort(parts: Float64Array, part: number, view: DataView, at: number, end: number): boolean {
  if (end - at >= 4) return view.getInt32(at, true) === parts[part] && view.getInt32(end - 4, true) === parts[part + 1]
  for (let i = at; i < end; i++) if (view.getUint8(i) !== parts[part + i - at]) return false
  return true
}

/**
 * The bytes of a literal, to be compared eight at a time, as doubles, and the last eight once more where it ends within a
 * double; less than eight as one or two words of four, or by themselves. Equal doubles have the same bits, but for zeros, which no JSON holds outside of a
 * text; and what is no number, as bytes that are no ASCII may be, is equal to nothing: then JSON.parse reads the message.
 */
function partsOf(bytes: Uint8Array): readonly number[] {
  const view = viewOf(bytes)
  const n = bytes.length
  if (n < 4) return [...bytes]
  if (n < 8) return [view.getInt32(0, true), view.getInt32(n - 4, true)]
  return Array.from({ length: partsIn(n) }, (_, i) => view.getFloat64(Math.min(8 * i, n - 8), true))
}

function partsIn(length: number): number {
  if (length < 4) return length
  return length < 8 ? 2 : (length + 7) >> 3
}

/** To read numbers of several bytes. */
export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

function scanValue(view: DataView, at: number, to: number, out: Decoded, n: number): number {
  const byte = byteAt(view, at, to)
  if (byte === 0x22) return scanText(view, at, to, out, n)
  if (byte === 0x74 || byte === 0x66) return scanBoolean(view, at, to, out, n)
  out.kind[n] = 0
  return findNumber(view, at, to, out.number, n)
}

/** -1: the message ends before. */
function byteAt(view: DataView, at: number, to: number): number {
  return at < to ? view.getUint8(at) : -1
}

const trueBytes = 0x65757274
const alseBytes = 0x65736c61

/** As words of four bytes. */
function scanBoolean(view: DataView, at: number, to: number, out: Decoded, n: number): number {
  const isTrue = view.getUint8(at) === 0x74
  const end = at + (isTrue ? 4 : 5)
  out.kind[n] = 1
  out.number[n] = isTrue ? 1 : 0
  return end <= to && view.getInt32(end - 4, true) === (isTrue ? trueBytes : alseBytes) ? end : -1
}

function scanText(view: DataView, at: number, to: number, out: Decoded, n: number): number {
  const end = textEnd(view, at, to)
  if (end < 0) return -1
  out.kind[n] = 2
  out.text[n] = textIn(view, at, end)
  return end
}

/** One past the closing quote of a short text without escapes, in ASCII; -1 for others, which JSON.parse reads. */
function textEnd(view: DataView, at: number, to: number): number {
  const last = Math.min(to, at + 256)
  for (let i = at + 1; i < last; i++) {
    const byte = view.getUint8(i)
    if (byte === 0x22) return i + 1
    if (byte < 0x20 || byte > 0x7e || byte === 0x5c) return -1
  }
  return -1
}

/** Between the quotes. */
function textIn(view: DataView, at: number, end: number): string {
  let text = ''
  for (let i = at + 1; i < end - 1; i++) text += String.fromCharCode(view.getUint8(i))
  return text
}

function scanTime(key: string, view: DataView, at: number, to: number, context: Context, out: Decoded): number {
  if (byteAt(view, at, to) === 0x22) {
    const end = textEnd(view, at, to)
    if (end < 0) return -1
    out.time = isoMillis(textIn(view, at, end), context)
    return Number.isNaN(out.time) ? -1 : end
  }
  const end = findNumber(view, at, to, found, 0)
  if (!isTimeNumber(key, found[0]!)) return -1
  out.time = epochMillis(found[0]!)
  return end
}

/** The shape of a message that JSON.parse has read, or null when it is not a plain one. */
export function learnShape(bytes: Uint8Array, layout: Layout): Shape | null {
  const view = viewOf(bytes)
  const { single, form } = newest
  if (single === layout.single && scan(form, view, 0, bytes.length, noContext, matched)) return { layout, form }
  const walk: Walk = { bytes, view, at: 0, from: 0, literals: [], times: [], single: layout.single, depth: 0 }
  space(walk)
  if (!walkValue(walk, null, false)) return null
  space(walk)
  if (walk.at !== bytes.length) return null
  walk.literals.push(bytes.slice(walk.from))
  newest.form = sharedForm(walk)
  newest.single = layout.single
  return { layout, form: newest.form }
}

/** What was learned last, because the next topic most often sends the same. */
const newest: { form: Form; single: boolean | null } = { form: formOf([], []), single: null }
const matched = createDecoded()

/** One for all topics that send the same, so that a thousand devices of a kind are read from the same few lines of memory. */
function sharedForm({ literals, times }: Walk): Form {
  const key = `${literals.map(latin1).join('\u0000')}\u0000${times.join('\u0000')}`
  const known = forms.get(key)
  if (known !== undefined) return known
  if (forms.size >= maxForms) forms.clear()
  const form = formOf(literals, times)
  forms.set(key, form)
  return form
}

function formOf(literals: readonly Uint8Array[], times: Form['times']): Form {
  const lengths = Int32Array.from(literals, ({ length }) => length)
  return { lengths, parts: Float64Array.from(literals.flatMap(partsOf)), times }
}

const forms = new Map<string, Form>()
const maxForms = 1_000

function latin1(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]!)
  return text
}

interface Walk {
  readonly bytes: Uint8Array
  readonly view: DataView
  at: number
  /** Where the current literal began. */
  from: number
  readonly literals: Uint8Array[]
  readonly times: (string | null)[]
  readonly single: boolean
  depth: number
}

function space(walk: Walk): void {
  while (walk.at < walk.bytes.length && isSpace(walk.bytes[walk.at]!)) walk.at++
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** `key` is the name in the outermost object, null anywhere else. */
function walkValue(walk: Walk, key: string | null, inArray: boolean): boolean {
  const byte = walk.bytes[walk.at]
  if (byte === undefined) return false
  if (byte === 0x7b) return walkObject(walk, inArray)
  if (byte === 0x5b) return walkArray(walk)
  if (byte === 0x6e) {
    walk.at += 4 // null, as JSON.parse has seen; it stays part of the literal
    return true
  }
  return walkScalar(walk, key)
}

function walkObject(walk: Walk, inArray: boolean): boolean {
  const outermost = walk.depth === 0
  const keys = new Set<string>()
  walk.at++
  walk.depth++
  for (space(walk); walk.bytes[walk.at] !== 0x7d; space(walk)) {
    const key = walkKey(walk)
    if (key === null || keys.has(key)) return false
    keys.add(key)
    if (!walkValue(walk, outermost ? key : null, false)) return false
    comma(walk)
  }
  walk.at++
  walk.depth--
  if (inArray) return !couldBeRow(keys)
  return !outermost || walk.single || !couldBeSingle(keys)
}

/** Whether another message with these keys could hold one value: then only JSON.parse can tell. */
function couldBeSingle(keys: ReadonlySet<string>): boolean {
  for (const key of keys)
    if (!valueKeys.has(key) && !timeKeys.has(key) && !unitKeys.has(key) && !qualityKeys.has(key) && !nameKeys.has(key))
      return false
  return true
}

/** Whether it could be one of several rows, each with a time or name of its own. */
function couldBeRow(keys: ReadonlySet<string>): boolean {
  for (const key of keys) if (timeKeys.has(key) || rowNameKeys.has(key)) return true
  return false
}

function walkArray(walk: Walk): boolean {
  walk.at++
  walk.depth++
  for (space(walk); walk.bytes[walk.at] !== 0x5d; space(walk)) {
    if (!walkValue(walk, null, true)) return false
    comma(walk)
  }
  walk.at++
  walk.depth--
  return true
}

function comma(walk: Walk): void {
  space(walk)
  if (walk.bytes[walk.at] === 0x2c) walk.at++
}

/** Null for keys whose meaning JSON.parse must decide: escapes, `__proto__`, and numbers, which objects put first. */
function walkKey(walk: Walk): string | null {
  const end = walk.bytes[walk.at] === 0x22 ? textEnd(walk.view, walk.at, walk.bytes.length) : -1
  if (end < 0) return null
  const key = textIn(walk.view, walk.at, end)
  walk.at = end
  space(walk)
  if (walk.bytes[walk.at] !== 0x3a) return null
  walk.at++
  space(walk)
  return key === '__proto__' || /^\d+$/.test(key) ? null : key
}

function walkScalar(walk: Walk, key: string | null): boolean {
  const end = scalarEnd(walk)
  if (end < 0 || walk.times.length === maxSlots) return false
  if (key !== null && walk.single && (unitKeys.has(key) || qualityKeys.has(key) || nameKeys.has(key))) {
    walk.at = end
    return true // a unit, quality or name stays part of the literal
  }
  const time = key !== null && timeKeys.has(key)
  if (time && !isTime(walk, key)) return false
  walk.literals.push(walk.bytes.slice(walk.from, walk.at))
  walk.times.push(time ? key : null)
  walk.at = end
  walk.from = end
  return true
}

function isTime(walk: Walk, key: string): boolean {
  if (walk.bytes[walk.at] !== 0x22) {
    findNumber(walk.view, walk.at, walk.bytes.length, found, 0)
    return isTimeNumber(key, found[0]!)
  }
  const end = textEnd(walk.view, walk.at, walk.bytes.length)
  return !Number.isNaN(isoMillis(textIn(walk.view, walk.at, end), noContext))
}

function scalarEnd(walk: Walk): number {
  const byte = walk.bytes[walk.at]!
  if (byte === 0x22) return textEnd(walk.view, walk.at, walk.bytes.length)
  if (byte === 0x74) return walk.at + 4
  if (byte === 0x66) return walk.at + 5
  return findNumber(walk.view, walk.at, walk.bytes.length, found, 0)
}
