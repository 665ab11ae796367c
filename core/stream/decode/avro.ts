import { FieldError } from '../../contract/errors.ts'
import { float32, float64, halfAt, readVarint, textIn, type Wire, wireOf, zigzag64 } from './wire.ts'

// Avro binary by the JSON of its schema, with or without the five bytes that a schema registry puts before it.

/** A type made ready: reads its value at `wire.at` and moves on. Throws a RangeError where the bytes end. */
type Read = (wire: Wire, depth: number) => unknown

const maxDepth = 16
const maxItems = 100_000

/** Reads a message into an object by names, as JSON would have it. */
export function avroReader(text: string): (bytes: Uint8Array) => object | null {
  const read = readFor(schemaOf(text), new Map())
  return (bytes) => whole(read, bytes, 0) ?? (bytes[0] === 0 ? whole(read, bytes, 5) : null)
}

function schemaOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new FieldError('bad_input', 'schema: this is no JSON; paste the Avro schema as it is', {
      path: 'schema',
      cause,
    })
  }
}

/** Null unless the value ends where the bytes end. */
function whole(read: Read, bytes: Uint8Array, from: number): object | null {
  const wire = wireOf(bytes, from)
  try {
    const value = read(wire, 0)
    return wire.at === bytes.length && typeof value === 'object' && value !== null ? value : null
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

function readFor(schema: unknown, named: Map<string, Read>): Read {
  if (typeof schema === 'string') return primitives[schema] ?? named.get(schema.split('.').at(-1)!) ?? unknown(schema)
  if (Array.isArray(schema)) return union(schema.map((each) => readFor(each, named)))
  if (typeof schema !== 'object' || schema === null) return unknown(String(schema))
  const { type, name, fields, items, values, symbols, size } = schema as AvroType // each is checked where it is used
  switch (type) {
    case 'record':
      return record(String(name), fields ?? [], named)
    case 'enum':
      return remember(named, String(name), (wire) => symbols?.[long(wire)] ?? null)
    case 'array':
      return array(readFor(items, named))
    case 'map':
      return map(readFor(values, named))
    case 'fixed':
      return remember(named, String(name), (wire) => piece(wire, size ?? 0))
    default:
      return readFor(type, named)
  }
}

interface AvroType {
  readonly type: unknown
  readonly name?: unknown
  readonly fields?: readonly { readonly name: string; readonly type: unknown }[]
  readonly items?: unknown
  readonly values?: unknown
  readonly symbols?: readonly string[]
  readonly size?: number
}

function unknown(type: string): never {
  throw new FieldError('bad_input', `schema: "${type.slice(0, 80)}" is not a type of Avro, nor one defined before`, {
    path: 'schema',
  })
}

function remember(named: Map<string, Read>, name: string, read: Read): Read {
  named.set(name.split('.').at(-1)!, read)
  return read
}

/** A record may hold itself, so it is known before its fields are. */
function record(name: string, fields: NonNullable<AvroType['fields']>, named: Map<string, Read>): Read {
  const reads: (readonly [string, Read])[] = []
  const read = remember(named, name, (wire, depth) => {
    if (depth > maxDepth) throw new RangeError('nested too deep')
    return Object.fromEntries(reads.map(([field, each]) => [field, each(wire, depth + 1)]))
  })
  for (const field of fields) reads.push([field.name, readFor(field.type, named)])
  return read
}

function union(branches: readonly Read[]): Read {
  return (wire, depth) => {
    const branch = branches[long(wire)]
    if (branch === undefined) throw new RangeError('no such branch')
    return branch(wire, depth)
  }
}

function array(item: Read): Read {
  return (wire, depth) => {
    const items: unknown[] = []
    inBlocks(wire, () => items.push(item(wire, depth + 1)))
    return items
  }
}

function map(value: Read): Read {
  return (wire, depth) => {
    const entries: [string, unknown][] = []
    inBlocks(wire, () => entries.push([text(wire), value(wire, depth + 1)]))
    return Object.fromEntries(entries)
  }
}

/** Blocks of items, each with its count; a negative one is followed by its size. */
function inBlocks(wire: Wire, read: () => void): void {
  for (let n = long(wire), seen = 0; n !== 0; n = long(wire)) {
    if (n < 0) long(wire)
    seen += Math.abs(n)
    if (seen > maxItems) throw new RangeError('too many')
    for (let i = 0; i < Math.abs(n); i++) read()
  }
}

const primitives: Readonly<Record<string, Read>> = {
  null: () => null,
  boolean: (wire) => wire.bytes[take(wire, 1)] === 1,
  int: long,
  long,
  float: (wire) => float32(halfAt(wire.bytes, take(wire, 4))),
  double: (wire) => {
    const at = take(wire, 8)
    return float64(halfAt(wire.bytes, at), halfAt(wire.bytes, at + 4))
  },
  bytes: (wire) => piece(wire, long(wire)),
  string: text,
}

function long(wire: Wire): number {
  if (!readVarint(wire)) throw new RangeError('it ends in a number')
  return zigzag64(wire.low, wire.high)
}

function text(wire: Wire): string {
  const size = long(wire)
  const at = take(wire, size)
  return textIn(wire.bytes, at, at + size)
}

/** Bytes are kept in the log; they are no reading. */
function piece(wire: Wire, size: number): null {
  take(wire, size)
  return null
}

function take(wire: Wire, size: number): number {
  const { at } = wire
  if (!(size >= 0) || at + size > wire.end) throw new RangeError('it ends too early')
  wire.at = at + size
  return at
}
