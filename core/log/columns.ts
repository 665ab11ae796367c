import type { Millis } from '../contract/model.ts'

/**
 * The records of one block as they lie on disk: a single buffer, and columns that are windows on it.
 * Little endian, as every machine that runs Node: f64 or i32 dt[n], u32 topic[n], u32 end[n], u8 kind[n], u8 flags[n], bytes.
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
}

/** One record on its way into columns, its topic already a number of the segment. */
export interface Row {
  readonly time: Millis
  readonly kind: number
  readonly topic: number
  readonly flags: number
  readonly bytes: Uint8Array
}

export function columnsOf(rows: readonly Row[]): Columns {
  const t0 = rows[0]!.time
  let size = 0
  for (const row of rows) size += row.bytes.length
  const columns = emptyColumns(rows.length, size, t0, !rows.every((row) => fitsNarrow(row.time - t0)))
  let end = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    columns.dt[i] = row.time - t0
    columns.topic[i] = row.topic
    columns.kind[i] = row.kind
    columns.flags[i] = row.flags
    columns.bytes.set(row.bytes, end)
    end += row.bytes.length
    columns.end[i] = end
  }
  return columns
}

/** The records of several blocks, in order, as one. */
export function joinColumns(parts: readonly Columns[]): Columns {
  const t0 = parts[0]!.t0
  const joined = emptyColumns(
    total(parts, rowsOf),
    total(parts, sizeOf),
    t0,
    !parts.every((part) => staysNarrow(part, t0)),
  )
  let row = 0
  let end = 0
  for (const part of parts) {
    copyInto(joined, part, row, end)
    row += part.n
    end += part.bytes.length
  }
  return joined
}

/** Windows on a body that was written by `columnsOf`. Throws RangeError when it is too short for n. */
export function columnsIn(body: Uint8Array, n: number, wide: boolean, t0: Millis): Columns {
  const own = body.byteOffset % 8 === 0 ? body : body.slice() // f64 and u32 windows need an aligned beginning
  const { buffer, byteOffset } = own
  const width = wide ? 8 : 4
  const topic = byteOffset + n * width
  const kind = topic + n * 8
  const bytes = kind + n * 2
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
    bytes: new Uint8Array(buffer, bytes, byteOffset + own.length - bytes),
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

/** Topics of the block, ascending, each once. */
export function topicsIn(columns: Columns): Uint32Array {
  return Uint32Array.from(new Set(columns.topic)).sort()
}

function emptyColumns(n: number, size: number, t0: Millis, wide: boolean): Columns {
  return columnsIn(new Uint8Array(n * ((wide ? 8 : 4) + 10) + size), n, wide, t0)
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

function fitsNarrow(dt: number): boolean {
  return (dt | 0) === dt
}

function staysNarrow(part: Columns, t0: Millis): boolean {
  const shift = part.t0 - t0
  return part.dt.every((dt: number) => fitsNarrow(dt + shift))
}

const rowsOf = (part: Columns) => part.n
const sizeOf = (part: Columns) => part.bytes.length

function total(parts: readonly Columns[], of: (part: Columns) => number): number {
  return parts.reduce((sum, part) => sum + of(part), 0)
}
