import { kindCode, type Meta, repeatFlag, retainedFlag } from '../contract/block.ts'
import type { Millis } from '../contract/model.ts'
import type { Appending } from './log.ts'
import type { TopicIds } from './topic-ids.ts'

/**
 * The records of one block as they lie on disk: a single buffer, and columns that are windows on it.
 * Little endian, as every machine that runs Node: f64 or i32 dt[n], u32 topic[n], u32 end[n], u8 kind[n], u8 flags[n], bytes.
 * Where anything was said about a message beside its payload, u32 metaEnd[n] comes after end and its bytes come last.
 */
export interface Columns {
  readonly n: number
  /** dt is f64, because a time was too far from t0 for 32 bits, or not whole. */
  readonly wide: boolean
  /** Time of the first record; `dt` counts from it and may be negative. */
  readonly t0: Millis
  readonly body: Uint8Array
  readonly dt: Int32Array | Float64Array
  readonly topic: Uint32Array
  readonly end: Uint32Array
  readonly kind: Uint8Array
  readonly flags: Uint8Array
  readonly bytes: Uint8Array
  readonly meta: Meta | null
}

/** What one block takes. */
const most = { records: 4_096, bytes: 8_388_608 }

/** Records of [from, to), as many as one block takes, each with the number of its topic in the segment, in a body from `room`. */
export function columnsOf(
  records: readonly Appending[],
  from: number,
  to: number,
  topics: TopicIds,
  room = fresh,
): Columns {
  const t0 = records[from]!.time
  const { n, size, wide } = extent(records, from, to)
  const columns = emptyColumns(n, size, t0, wide, room)
  fill(columns, records, from, topics)
  if (columns.meta !== null) fillMeta(columns.meta, records, from)
  return columns
}

function extent(records: readonly Appending[], from: number, to: number): { n: number; size: Size; wide: boolean } {
  const t0 = records[from]!.time
  const last = Math.min(to, from + most.records)
  let bytes = 0
  let meta = 0
  let wide = false
  let i = from
  for (; i < last; i++) {
    const record = records[i]!
    const said = record.meta?.length ?? 0
    if (i > from && bytes + meta + record.bytes.length + said > most.bytes) break
    bytes += record.bytes.length
    meta += said
    wide ||= !fitsNarrow(record.time - t0)
  }
  return { n: i - from, size: { bytes, meta }, wide }
}

/** One pass over the columns, because this is done for every message that is ever captured. */
function fill(columns: Columns, records: readonly Appending[], from: number, topics: TopicIds): void {
  const { n, t0, dt, topic, end, kind, flags, bytes } = columns
  let at = 0
  for (let i = 0; i < n; i++) {
    const record = records[from + i]!
    dt[i] = record.time - t0
    topic[i] = topics.idOf(record.source, record.name, record.memo)
    kind[i] = kindCode[record.kind]
    flags[i] = (record.qos ?? 0) | (record.retained ? retainedFlag : 0) | (record.repeat ? repeatFlag : 0)
    bytes.set(record.bytes, at)
    at += record.bytes.length
    end[i] = at
  }
}

function fillMeta({ end, bytes }: Meta, records: readonly Appending[], from: number): void {
  let at = 0
  for (let i = 0; i < end.length; i++) {
    const { meta } = records[from + i]!
    if (meta !== undefined) {
      bytes.set(meta, at)
      at += meta.length
    }
    end[i] = at
  }
}

/** The records of several blocks, in order, as one. */
export function joinColumns(parts: readonly Columns[]): Columns {
  const t0 = parts[0]!.t0
  const size = { bytes: total(parts, sizeOf), meta: total(parts, metaOf) }
  const joined = emptyColumns(total(parts, rowsOf), size, t0, !parts.every((part) => staysNarrow(part, t0)))
  let row = 0
  let end = 0
  let metaEnd = 0
  for (const part of parts) {
    copyInto(joined, part, row, end)
    if (joined.meta !== null) copyMeta(joined.meta, part, row, metaEnd)
    row += part.n
    end += part.bytes.length
    metaEnd += metaOf(part)
  }
  return joined
}

/** How a body is laid out. */
export interface Layout {
  readonly n: number
  readonly wide: boolean
  /** Bytes of what was said beside the payloads; 0: nothing was, and its column is not there. */
  readonly metaSize: number
}

/** Windows on a body that was written by `columnsOf`. Throws RangeError when it is too short for n. */
export function columnsIn(body: Uint8Array, { n, wide, metaSize }: Layout, t0: Millis): Columns {
  const own = body.byteOffset % 8 === 0 ? body : body.slice() // f64 and u32 windows need an aligned beginning
  const { buffer, byteOffset } = own
  const topic = byteOffset + n * (wide ? 8 : 4)
  const metaEnd = topic + n * 8
  const kind = metaEnd + (metaSize > 0 ? n * 4 : 0)
  const bytes = kind + n * 2
  const meta = byteOffset + own.length - metaSize
  return {
    n,
    wide,
    t0,
    body: own,
    dt: wide ? new Float64Array(buffer, byteOffset, n) : new Int32Array(buffer, byteOffset, n),
    topic: new Uint32Array(buffer, topic, n),
    end: new Uint32Array(buffer, topic + n * 4, n),
    kind: new Uint8Array(buffer, kind, n),
    flags: new Uint8Array(buffer, kind + n, n),
    bytes: new Uint8Array(buffer, bytes, meta - bytes),
    meta:
      metaSize === 0
        ? null
        : { end: new Uint32Array(buffer, metaEnd, n), bytes: new Uint8Array(buffer, meta, metaSize) },
  }
}

/** Times as they came: t0 + dt. */
export function timesOf(columns: Columns): Float64Array {
  const times = new Float64Array(columns.n)
  for (let i = 0; i < times.length; i++) times[i] = columns.t0 + columns.dt[i]!
  return times
}

/** The latest time in the block, or `before` when that is later: the clock of the log never goes back. */
export function latest(columns: Columns, before: Millis): Millis {
  let time = before
  for (let i = 0; i < columns.n; i++) time = Math.max(time, columns.t0 + columns.dt[i]!)
  return time
}

/** Topics of the block, ascending, each once: by a bit for each, which needs no sorting. */
export function topicsIn({ topic }: Columns): Uint32Array<ArrayBuffer> {
  let greatest = 0
  for (let i = 0; i < topic.length; i++) if (topic[i]! > greatest) greatest = topic[i]!
  const bits = new Uint32Array((greatest >>> 5) + 1)
  for (let i = 0; i < topic.length; i++) bits[topic[i]! >>> 5]! |= 1 << (topic[i]! & 31)
  const ids = new Uint32Array(topic.length)
  let n = 0
  for (let word = 0; word < bits.length; word++)
    for (let left = bits[word]!; left !== 0; left &= left - 1) ids[n++] = word * 32 + 31 - Math.clz32(left & -left)
  return ids.slice(0, n)
}

interface Size {
  readonly bytes: number
  readonly meta: number
}

function fresh(size: number): Uint8Array {
  return new Uint8Array(size)
}

function emptyColumns(n: number, size: Size, t0: Millis, wide: boolean, room = fresh): Columns {
  const row = (wide ? 8 : 4) + 10 + (size.meta > 0 ? 4 : 0)
  return columnsIn(room(n * row + size.bytes + size.meta), { n, wide, metaSize: size.meta }, t0)
}

function copyInto(joined: Columns, part: Columns, row: number, end: number): void {
  joined.topic.set(part.topic, row)
  joined.kind.set(part.kind, row)
  joined.flags.set(part.flags, row)
  joined.bytes.set(part.bytes, end)
  const shift = part.t0 - joined.t0
  for (let i = 0; i < part.n; i++) {
    joined.dt[row + i] = part.dt[i]! + shift
    joined.end[row + i] = part.end[i]! + end
  }
}

/** A part about which nothing was said still has its rows. */
function copyMeta(meta: Meta, part: Columns, row: number, end: number): void {
  meta.bytes.set(part.meta?.bytes ?? [], end)
  for (let i = 0; i < part.n; i++) meta.end[row + i] = end + (part.meta?.end[i] ?? 0)
}

function fitsNarrow(dt: number): boolean {
  return (dt | 0) === dt
}

function staysNarrow(part: Columns, t0: Millis): boolean {
  const shift = part.t0 - t0
  return part.dt.every((dt: number) => fitsNarrow(dt + shift))
}

const rowsOf = (part: Columns) => part.n
const sizeOf = (part: Columns) => part.bytes.length
const metaOf = (part: Columns) => part.meta?.bytes.length ?? 0

function total(parts: readonly Columns[], of: (part: Columns) => number): number {
  return parts.reduce((sum, part) => sum + of(part), 0)
}
