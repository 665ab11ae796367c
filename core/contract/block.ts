import { decodeMeta } from './meta.ts'
import type { Kind, LogRecord, Offset, Topic } from './model.ts'
import { kinds } from './model.ts'

/**
 * Records as columns, the only shape in which they travel between the log and the path.
 * Row i is the record at offset `first + i`.
 */
export interface Block {
  readonly first: Offset
  readonly n: number
  /** Index into `kinds`. */
  readonly kind: Uint8Array
  /** Index into `topics`. */
  readonly topic: Uint32Array
  /** Arrival, epoch milliseconds. */
  readonly time: Float64Array
  /** Bits 0-1 QoS, bit 2 retained, bit 3 repeat. */
  readonly flags: Uint8Array
  /** Where the payload of row i ends in `bytes`; it begins where the one before ended. */
  readonly end: Uint32Array
  readonly bytes: Uint8Array
  /** What was said about the messages beside their payloads, laid out as `end` and `bytes`; null when about none. */
  readonly meta: Meta | null
  /** What a gzip or zstd payload holds; null: too much. Absent in a block whose payloads nobody compresses. */
  readonly inflate?: (bytes: Uint8Array) => Uint8Array | null
  /** Grows at its end only, and is the same object for every block of one log file: a cache by identity holds. */
  readonly topics: readonly Topic[]
}

export interface Meta {
  readonly end: Uint32Array
  readonly bytes: Uint8Array
}

export const retainedFlag = 4
export const repeatFlag = 8

export const kindCode: Readonly<Record<Kind, number>> = { message: 0, tick: 1, command: 2, link: 3 }

export function payload(block: Block, row: number): Uint8Array {
  return slice(block, row)
}

/** The payload as it is decoded: inflated where it came compressed. Null: what it holds is too large. */
export function content(block: Block, row: number): Uint8Array | null {
  const bytes = payload(block, row)
  return block.inflate !== undefined && isCompressed(bytes) ? block.inflate(bytes) : bytes
}

/** By the first bytes, which no text and no Sparkplug payload begins with. */
export function isCompressed(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false
  if (bytes[0] === 0x1f) return bytes[1] === 0x8b && bytes[2] === 8
  return bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd
}

export function recordAt(block: Block, row: number): LogRecord {
  const flags = block.flags[row]!
  return {
    offset: block.first + row,
    time: block.time[row]!,
    kind: kinds[block.kind[row]!]!,
    topic: block.topics[block.topic[row]!]!,
    qos: (flags & 3) as 0 | 1 | 2, // the log writes 0, 1 and 2 only
    retained: (flags & retainedFlag) !== 0,
    repeat: (flags & repeatFlag) !== 0,
    bytes: payload(block, row),
    meta: block.meta === null ? null : decodeMeta(slice(block.meta, row)),
  }
}

function slice({ end, bytes }: Meta, row: number): Uint8Array {
  return bytes.subarray(row === 0 ? 0 : end[row - 1], end[row])
}
