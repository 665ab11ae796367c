import { crc32 } from 'node:zlib'
import type { Millis, Offset, Topic } from '../contract/model.ts'

/** A row of the table `block` without its records, which have a checksum of their own. */
export interface SummedRow {
  readonly first: Offset
  readonly n: number
  readonly t0: Millis
  readonly t1: Millis
  /** u32 ids, ascending. */
  readonly topics: Uint8Array
}

/**
 * Checksum of all that the one inside the block does not cover: where it stands, when it was, which topics it names, and
 * what those are called. So no byte that can change an answer is without one. `nameSums` by topic id.
 */
export function sumOfRow({ first, n, t0, t1, topics }: SummedRow, nameSums: readonly number[]): number {
  const ids = new Uint32Array(topics.slice().buffer) // aligned
  const names = new Uint32Array(ids.length)
  for (let i = 0; i < ids.length; i++) names[i] = nameSums[ids[i]!] ?? 0
  const place = new Float64Array([first, n, t0, t1])
  return crc32(bytesOf(names), crc32(topics, crc32(bytesOf(place))))
}

export function sumOfTopic({ source, name }: Topic): number {
  return crc32(`${source}\0${name}`)
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
