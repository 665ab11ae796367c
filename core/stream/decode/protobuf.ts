import { FieldError } from '../../contract/errors.ts'
import {
  float32,
  float64,
  halfAt,
  nextField,
  readVarint,
  signed64,
  textIn,
  unsigned64,
  type Wire,
  wireOf,
  zigzag64,
} from './wire.ts'

// Protobuf by the text of a .proto file: messages, enums, nested ones, oneof, maps, repeated and packed fields; the first
// message of the file is that of the topic. What it imports stands below it in the same text; what google/protobuf has of
// times and wrapped values is known.

interface Field {
  readonly name: string
  readonly type: string
  readonly repeated: boolean
  /** Entries of a map: its type is a message of key and value. */
  readonly map: boolean
  /** It is not sent when it is zero, as proto3 has it. */
  readonly implicit: boolean
}
interface Schema {
  readonly messages: Map<string, Map<number, Field>>
  readonly enums: Map<string, Map<number, string>>
  /** Messages that stand for one value. */
  readonly plain: Set<string>
  first: string | null
  readonly proto3: boolean
}

const maxDepth = 16

/** Reads a message into an object by names, as JSON would have it. */
export function protobufReader(text: string): (bytes: Uint8Array) => object | null {
  const schema = parseProto(text)
  if (schema.first === null)
    throw new FieldError('bad_input', 'schema: there is no message in it; paste the text of the .proto file', {
      path: 'schema',
    })
  const { first } = schema
  checkTypes(schema)
  return (bytes) => readMessage(schema, first, bytes, 0, bytes.length, 0)
}

/** Every type must be known: else its fields would be missing without a word. */
function checkTypes({ messages, enums }: Schema): void {
  for (const fields of messages.values())
    for (const { name, type } of fields.values())
      if (!scalars.has(type) && !messages.has(type) && !enums.has(type))
        throw new FieldError('bad_input', `schema: the type "${type}" of "${name}" is not in it`, {
          path: 'schema',
          hint: 'paste the files that it imports below it',
        })
}

const scalars: ReadonlySet<string> = new Set([
  ...['double', 'float', 'bool', 'string', 'bytes', 'fixed32', 'fixed64', 'sfixed32', 'sfixed64'],
  ...['int32', 'int64', 'uint32', 'uint64', 'sint32', 'sint64'],
])

const plainField = { repeated: false, map: false, implicit: true } as const

/** Of google/protobuf, where the text has none of its own. */
const wellKnown: readonly (readonly [message: string, ...(readonly [name: string, type: string])[]])[] = [
  ['Timestamp', ['seconds', 'int64'], ['nanos', 'int32']],
  ['Duration', ['seconds', 'int64'], ['nanos', 'int32']],
  ['DoubleValue', ['value', 'double']],
  ['FloatValue', ['value', 'float']],
  ['Int64Value', ['value', 'int64']],
  ['UInt64Value', ['value', 'uint64']],
  ['Int32Value', ['value', 'int32']],
  ['UInt32Value', ['value', 'uint32']],
  ['BoolValue', ['value', 'bool']],
  ['StringValue', ['value', 'string']],
  ['BytesValue', ['value', 'bytes']],
]

function addWellKnown(schema: Schema): void {
  for (const [message, ...fields] of wellKnown) {
    if (schema.messages.has(message)) continue
    schema.messages.set(message, new Map(fields.map(([name, type], i) => [i + 1, { ...plainField, name, type }])))
    schema.plain.add(message)
  }
}

/** Seconds of a time, the value that is wrapped. */
function plainOf(message: Record<string, unknown>): unknown {
  if (!('seconds' in message)) return message.value ?? null
  return Number(message.seconds) + Number(message.nanos) / 1e9
}

function parseProto(text: string): Schema {
  const schema: Schema = {
    messages: new Map(),
    plain: new Set(),
    enums: new Map(),
    first: null,
    proto3: /syntax\s*=\s*"proto3"/.test(text),
  }
  const words = text.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, ' ').match(/"[^"]*"|[\w.]+|[^\s\w]/g) ?? []
  for (let at = 0; at < words.length; ) at = parseBody(schema, words, at, '')
  addWellKnown(schema)
  return schema
}

/** Statements until the block ends; answers where. */
function parseBody(schema: Schema, words: readonly string[], from: number, scope: string): number {
  let at = from
  while (at < words.length && words[at] !== '}') {
    const word = words[at]!
    if (word === 'message') at = parseMessage(schema, words, at, scope)
    else if (word === 'enum') at = parseEnum(schema, words, at)
    else at = skip(words, at)
  }
  return at + 1
}

function parseMessage(schema: Schema, words: readonly string[], from: number, scope: string): number {
  const name = words[from + 1] ?? ''
  const fields = new Map<number, Field>()
  schema.messages.set(name, fields)
  schema.first ??= scope === '' ? name : null
  let at = from + 3
  while (at < words.length && words[at] !== '}') {
    const word = words[at]!
    if (word === 'message') at = parseMessage(schema, words, at, name)
    else if (word === 'enum') at = parseEnum(schema, words, at)
    else if (word === 'oneof') at = parseOneof(fields, words, at)
    else if (word === 'map' && words[at + 1] === '<') at = parseMap(schema, fields, words, at)
    else at = parseField(fields, words, at, schema.proto3)
  }
  return at + 1
}

/** `map<string, double> name = 3;` is sent as a list of entries, each with a key and a value. */
function parseMap(schema: Schema, fields: Map<number, Field>, words: readonly string[], from: number): number {
  const end = words.indexOf(';', from)
  if (end < 0) return words.length
  const [, , key, , value, , name, , number] = words.slice(from, end)
  const entry = `map<${key}, ${value}> ${number} of ${name}`
  schema.messages.set(
    entry,
    new Map([
      [1, { ...plainField, name: 'key', type: key ?? '' }],
      [2, { ...plainField, name: 'value', type: (value ?? '').split('.').at(-1)! }],
    ]),
  )
  fields.set(Number(number), { name: name ?? '', type: entry, repeated: false, map: true, implicit: false })
  return end + 1
}

function parseOneof(fields: Map<number, Field>, words: readonly string[], from: number): number {
  let at = from + 3
  while (at < words.length && words[at] !== '}') at = parseField(fields, words, at, false)
  return at + 1
}

/** `repeated double name = 3 [packed = true];` */
function parseField(fields: Map<number, Field>, words: readonly string[], from: number, proto3: boolean): number {
  const end = words.indexOf(';', from)
  if (end < 0) return words.length
  const [first, ...more] = words.slice(from, end)
  const labelled = first === 'repeated' || first === 'optional' || first === 'required'
  const [type, name, equals, number] = labelled ? more : [first, ...more]
  if (!notFields.has(first!) && equals === '=' && /^\d+$/.test(number ?? ''))
    fields.set(Number(number), {
      name: name!,
      type: type!.split('.').at(-1)!,
      repeated: first === 'repeated',
      map: false,
      implicit: proto3 && !labelled,
    })
  return end + 1
}

const notFields: ReadonlySet<string> = new Set(['option', 'reserved', 'extensions'])

function parseEnum(schema: Schema, words: readonly string[], from: number): number {
  const values = new Map<number, string>()
  schema.enums.set(words[from + 1] ?? '', values)
  let at = from + 3
  while (at < words.length && words[at] !== '}') {
    const end = words.indexOf(';', at)
    if (end < 0) return words.length
    if (words[at + 1] === '=') values.set(Number(words[at + 2]), words[at]!)
    at = end + 1
  }
  return at + 1
}

function skip(words: readonly string[], from: number): number {
  for (let at = from; at < words.length; at++) {
    if (words[at] === ';') return at + 1
    if (words[at] === '{') return closing(words, at)
  }
  return words.length
}

/** Behind the bracket that closes the one here. */
function closing(words: readonly string[], from: number): number {
  let open = 0
  for (let at = from; at < words.length; at++) {
    if (words[at] === '{') open++
    else if (words[at] === '}' && --open === 0) return at + 1
  }
  return words.length
}

function readMessage(
  schema: Schema,
  type: string,
  bytes: Uint8Array,
  from: number,
  to: number,
  depth: number,
): Record<string, unknown> | null {
  if (depth > maxDepth) return null
  const fields = schema.messages.get(type)!
  const message = blank(schema, fields)
  const wire = wireOf(bytes, from, to)
  for (;;) {
    const number = nextField(wire)
    if (number < 0) return null
    if (number === 0) return message
    const field = fields.get(number)
    if (field !== undefined && !readField(schema, field, wire, message, depth)) return null
  }
}

/** What is not sent: empty lists, and the zeros of proto3. */
function blank({ messages, enums }: Schema, fields: ReadonlyMap<number, Field>): Record<string, unknown> {
  const message: Record<string, unknown> = {}
  for (const { name, type, repeated, map, implicit } of fields.values())
    if (repeated) message[name] = []
    else if (map) message[name] = {}
    else if (implicit && type !== 'string' && type !== 'bytes' && !messages.has(type))
      message[name] = type === 'bool' ? false : (enums.get(type)?.get(0) ?? 0)
  return message
}

function readField(schema: Schema, field: Field, wire: Wire, message: Record<string, unknown>, depth: number): boolean {
  const values =
    field.repeated && wire.type === 2 && isPackable(schema, field.type) ? unpacked(schema, field, wire) : null
  if (values !== null) {
    for (const value of values) listOf(message, field).push(value)
    return true
  }
  const value = typedValue(schema, field.type, wire, depth)
  if (value === undefined) return false
  if (field.map)
    addEntry(message[field.name], value as Entry) // its type is such a message
  else if (field.repeated) listOf(message, field).push(value)
  else message[field.name] = value
  return true
}

/** Made by `blank`. */
function listOf(message: Record<string, unknown>, { name }: Field): unknown[] {
  return message[name] as unknown[]
}

interface Entry {
  readonly key?: unknown
  readonly value?: unknown
}

/** Defined and not assigned, because a key may be `__proto__`. */
function addEntry(map: unknown, { key = '', value = null }: Entry): void {
  Object.defineProperty(map, String(key), { value, enumerable: true, configurable: true, writable: true })
}

function isPackable(schema: Schema, type: string): boolean {
  return type !== 'string' && type !== 'bytes' && !schema.messages.has(type)
}

const fixed: Readonly<Record<string, number>> = {
  double: 1,
  fixed64: 1,
  sfixed64: 1,
  float: 5,
  fixed32: 5,
  sfixed32: 5,
}

function unpacked(schema: Schema, { type }: Field, { bytes, from, to }: Wire): unknown[] {
  const values: unknown[] = []
  const inner = wireOf(bytes, from, to)
  while (inner.at < to) {
    inner.type = fixed[type] ?? 0
    if (inner.type === 0) {
      if (!readVarint(inner)) break
    } else if (!readFixedAt(inner)) break
    values.push(typedValue(schema, type, inner, 0))
  }
  return values
}

function readFixedAt(wire: Wire): boolean {
  const size = wire.type === 1 ? 8 : 4
  if (wire.at + size > wire.end) return false
  wire.low = halfAt(wire.bytes, wire.at)
  wire.high = size === 8 ? halfAt(wire.bytes, wire.at + 4) : 0
  wire.at += size
  return true
}

/** Undefined: the bytes are not of this type. */
function typedValue(schema: Schema, type: string, wire: Wire, depth: number): unknown {
  const { low, high, bytes, from, to } = wire
  if (wire.type === 2) {
    if (type === 'string') return textIn(bytes, from, to)
    if (type === 'bytes') return null
    const message = schema.messages.has(type) ? readMessage(schema, type, bytes, from, to, depth + 1) : null
    if (message === null) return undefined
    return schema.plain.has(type) ? plainOf(message) : message
  }
  if (type === 'double') return wire.type === 1 ? float64(low, high) : undefined
  if (type === 'float') return wire.type === 5 ? float32(low) : undefined
  if (type === 'bool') return low !== 0
  if (type === 'int32' || type === 'sfixed32') return low | 0
  if (type === 'int64' || type === 'sfixed64') return signed64(low, high)
  if (type === 'sint32') return (low >>> 1) ^ -(low & 1)
  if (type === 'sint64') return zigzag64(low, high)
  const names = schema.enums.get(type)
  return names === undefined ? unsigned64(low, high) : (names.get(low) ?? low)
}
