import { crc32 } from 'node:zlib'
import type { Millis } from '../contract/model.ts'
import { type Columns, columnsIn, type Layout } from './columns.ts'
import { Packer } from './packer.ts'
import { fromPlanes, inPlanes } from './planes.ts'
import type { Scratch } from './scratch.ts'
import { Unpacker } from './unpacker.ts'

// data = header of 24 bytes, body (see columns.ts), plain or zstd:
//   u8 version, u8 codec, u8 wide, u8 0, u32 checksum of everything after it, u32 n, u32 size of the plain body, f64 t0
// Version 2, for blocks that hold what was said beside the payloads: 32 bytes, with u32 size of that, u32 0.
// Versions 3 and 4 are 1 and 2 with the columns in planes (planes.ts): what is packed is that.
// The checksum is CRC-32 from node:zlib, which is native (2 GB/s): CRC-32C finds the same damage and would be a table in JavaScript.

const withMeta = 1
const withPlanes = 2
/** By version, which is one more than the sum of the two above. */
const headerSizes = [0, 24, 32, 24, 32]
const plain = 0
const zstd = 1
/** A call costs about 60 us whatever the size, so a small block waits until it is sealed with others. */
const worthCompressing = { records: 50, bytes: 16_384 }

export class BlockDamaged extends Error {}

/** Good until the next call. */
export function encodeBlock(columns: Columns): Uint8Array {
  const { body, n, wide } = columns
  const metaSize = columns.meta?.bytes.length ?? 0
  const headerSize = headerSizes[metaSize > 0 ? 1 + withMeta : 1]!
  const isLarge = n >= worthCompressing.records || body.length >= worthCompressing.bytes
  const packed = isLarge ? inPlanes(body, { n, wide, metaSize }, (planes) => packer.pack(planes, headerSize)) : null
  const codec = packed !== null && packed.length < headerSize + body.length ? zstd : plain
  const data = codec === zstd ? packed! : behind(headerSize, body)
  const header = new DataView(data.buffer, data.byteOffset, headerSize)
  header.setUint32(0, 0)
  header.setUint8(0, 1 + (metaSize > 0 ? withMeta : 0) + (codec === zstd ? withPlanes : 0))
  header.setUint8(1, codec)
  header.setUint8(2, wide ? 1 : 0)
  header.setUint32(8, n, true)
  header.setUint32(12, body.length, true)
  header.setFloat64(16, columns.t0, true)
  if (metaSize > 0) header.setBigUint64(24, BigInt(metaSize), true)
  header.setUint32(4, crc32(data.subarray(8)), true)
  return data
}

const packer = new Packer()

function behind(room: number, body: Uint8Array): Uint8Array {
  const data = new Uint8Array(room + body.length)
  data.set(body, room)
  return data
}

/** Throws BlockDamaged on anything that `encodeBlock` did not write. With a `room` it is good until that is used again. */
export function decodeBlock(data: Uint8Array, room: Scratch | null = null): Columns {
  if (data.length < headerSizes[1]!) throw new BlockDamaged(`it has ${data.length} bytes, less than its header`)
  const header = new DataView(data.buffer, data.byteOffset, data.length)
  if (header.getUint32(4, true) !== crc32(data.subarray(8))) throw new BlockDamaged('its checksum does not match')
  const version = header.getUint8(0)
  const headerSize = headerSizes[version] ?? 0
  if (headerSize === 0) throw new BlockDamaged(`its version ${version} is not known`)
  const unpacked = unpack(header.getUint8(1), data.subarray(headerSize), header.getUint32(12, true), room)
  const metaSize = ((version - 1) & withMeta) === 0 ? 0 : header.getUint32(24, true)
  const layout = { n: header.getUint32(8, true), wide: header.getUint8(2) === 1, metaSize }
  const body = ((version - 1) & withPlanes) === 0 ? unpacked : fromPlanes(unpacked, layout)
  return windows(body, layout, header.getFloat64(16, true))
}

function windows(body: Uint8Array, layout: Layout, t0: Millis): Columns {
  const columns = columnsIn(body, layout, t0)
  if (!fits(columns) || (columns.meta !== null && !fits({ ...columns.meta, n: layout.n })))
    throw new BlockDamaged('its columns do not fit its bytes')
  return columns
}

function fits({ n, end, bytes }: Pick<Columns, 'n' | 'end' | 'bytes'>): boolean {
  return n > 0 && end[n - 1] === bytes.length
}

const unpacker = new Unpacker()

function unpack(codec: number, packed: Uint8Array, size: number, room: Scratch | null): Uint8Array {
  if (codec === plain) return packed
  const body = unpacker.unpack(packed, size, room)
  if (body.length !== size) throw new BlockDamaged(`it holds ${body.length} bytes where ${size} were written`)
  return body
}
