import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Millis } from '../contract/model.ts'
import { type Columns, columnsIn, type Layout } from './columns.ts'
import { fromPlanes, inPlanes } from './planes.ts'

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

export function encodeBlock(columns: Columns): Uint8Array {
  const { body, n, wide } = columns
  const metaSize = columns.meta?.bytes.length ?? 0
  const isLarge = n >= worthCompressing.records || body.length >= worthCompressing.bytes
  const packed = isLarge ? inPlanes(body, { n, wide, metaSize }, compress) : body
  const codec = packed.length < body.length ? zstd : plain
  const version = 1 + (metaSize > 0 ? withMeta : 0) + (codec === zstd ? withPlanes : 0)
  const headerSize = headerSizes[version]!
  const data = new Uint8Array(headerSize + (codec === zstd ? packed : body).length)
  const header = new DataView(data.buffer)
  header.setUint8(0, version)
  header.setUint8(1, codec)
  header.setUint8(2, wide ? 1 : 0)
  header.setUint32(8, n, true)
  header.setUint32(12, body.length, true)
  header.setFloat64(16, columns.t0, true)
  if (metaSize > 0) header.setUint32(24, metaSize, true)
  data.set(codec === zstd ? packed : body, headerSize)
  header.setUint32(4, crc32(data.subarray(8)), true)
  return data
}

/** Throws BlockDamaged on anything that `encodeBlock` did not write. */
export function decodeBlock(data: Uint8Array): Columns {
  if (data.length < headerSizes[1]!) throw new BlockDamaged(`it has ${data.length} bytes, less than its header`)
  const header = new DataView(data.buffer, data.byteOffset, data.length)
  if (header.getUint32(4, true) !== crc32(data.subarray(8))) throw new BlockDamaged('its checksum does not match')
  const version = header.getUint8(0)
  const headerSize = headerSizes[version] ?? 0
  if (headerSize === 0) throw new BlockDamaged(`its version ${version} is not known`)
  const unpacked = unpack(header.getUint8(1), data.subarray(headerSize), header.getUint32(12, true))
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

function compress(body: Uint8Array): Uint8Array {
  return zstdCompressSync(body, packing)
}

/**
 * A window of 128 KB stays in the processor's cache. Its table of places is left as it is: one of 2,048 packs messages
 * that are all alike 3 % smaller, and those of 50 kinds of device 70 % larger.
 */
const packing = { params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: 17 } }

/** Smaller chunks than the whole would be put together by a copy. */
const inOnePiece = 64

function unpack(codec: number, packed: Uint8Array, size: number): Uint8Array {
  if (codec === plain) return packed
  const body = zstdDecompressSync(packed, { maxOutputLength: size, chunkSize: size + inOnePiece })
  if (body.length !== size) throw new BlockDamaged(`it holds ${body.length} bytes where ${size} were written`)
  return body
}
