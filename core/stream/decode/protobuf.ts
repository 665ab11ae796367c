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

// Protobuf by the text of a .proto file: messages, enums, nested ones, oneof, repeated and packed fields; the first message
// of the file is that of the topic.

interface Field {
  readonly name: string
  readonly type: string
  readonly repeated: boolean
  /** It is not sent when it is zero, as proto3 has it. */
  readonly implicit: boolean
}
interface Schema {
  readonly messages: Map<string, Map<number, Field>>
  readonly enums: Map<string, Map<number, string>>
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
  return (bytes) => readMessage(schema, first, bytes, 0, bytes.length, 0)
}

function parseProto(text: string): Schema {
  const schema: Schema = {
    messages: new Map(),
    enums: new Map(),
    first: null,
    proto3: /syntax\s*=\s*"proto3"/.test(text),
  }
  const words = text.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, ' ').match(/"[^"]*"|[\w.]+|[^\s\w]/g) ?? []
  parseBody(schema, words, 0, '')
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
    else at = parseField(fields, words, at, schema.proto3)
  }
  return at + 1
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
    if (words[at] === '{') return words.indexOf('}', at) + 1 || words.length
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
  for (const { name, type, repeated, implicit } of fields.values())
    if (repeated) message[name] = []
    else if (implicit && type !== 'string' && type !== 'bytes' && !messages.has(type))
      message[name] = type === 'bool' ? false : (enums.get(type)?.get(0) ?? 0)
  return message
}

function readField(schema: Schema, field: Field, wire: Wire, message: Record<string, unknown>, depth: number): boolean {
  const values =
    field.repeated && wire.type === 2 && isPackable(schema, field.type) ? unpacked(schema, field, wire) : null
  if (values !== null) {
    message[field.name] = [...listOf(message[field.name]), ...values]
    return true
  }
  const value = typedValue(schema, field.type, wire, depth)
  if (value === undefined) return false
  message[field.name] = field.repeated ? [...listOf(message[field.name]), value] : value
  return true
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
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
    return schema.messages.has(type) ? (readMessage(schema, type, bytes, from, to, depth + 1) ?? undefined) : undefined
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
