import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Millis } from '../contract/model.ts'
import { type Columns, columnsIn } from './columns.ts'

// data = header of 24 bytes, body (see columns.ts), plain or zstd:
//   u8 version, u8 codec, u8 wide, u8 0, u32 checksum of everything after it, u32 n, u32 size of the plain body, f64 t0
// The checksum is CRC-32 from node:zlib, which is native (2 GB/s): CRC-32C finds the same damage and would be a table in JavaScript.

const version = 1
const headerSize = 24
const plain = 0
const zstd = 1
/** A call costs about 60 us whatever the size, so a small block waits until it is sealed with others. */
const worthCompressing = { records: 50, bytes: 16_384 }

export class BlockDamaged extends Error {}

export function encodeBlock(columns: Columns): Uint8Array {
  const { body, n } = columns
  const packed = n >= worthCompressing.records || body.length >= worthCompressing.bytes ? compress(body) : body
  const codec = packed.length < body.length ? zstd : plain
  const data = new Uint8Array(headerSize + (codec === zstd ? packed : body).length)
  const header = new DataView(data.buffer)
  header.setUint8(0, version)
  header.setUint8(1, codec)
  header.setUint8(2, columns.wide ? 1 : 0)
  header.setUint32(8, n, true)
  header.setUint32(12, body.length, true)
  header.setFloat64(16, columns.t0, true)
  data.set(codec === zstd ? packed : body, headerSize)
  header.setUint32(4, crc32(data.subarray(8)), true)
  return data
}

/** Throws BlockDamaged on anything that `encodeBlock` did not write. */
export function decodeBlock(data: Uint8Array): Columns {
  if (data.length < headerSize) throw new BlockDamaged(`it has ${data.length} bytes, less than its header`)
  const header = new DataView(data.buffer, data.byteOffset, data.length)
  if (header.getUint32(4, true) !== crc32(data.subarray(8))) throw new BlockDamaged('its checksum does not match')
  if (header.getUint8(0) !== version) throw new BlockDamaged(`its version ${header.getUint8(0)} is not known`)
  const size = header.getUint32(12, true)
  const body = unpack(header.getUint8(1), data.subarray(headerSize), size)
  return windows(body, header.getUint32(8, true), header.getUint8(2) === 1, header.getFloat64(16, true))
}

function windows(body: Uint8Array, n: number, wide: boolean, t0: Millis): Columns {
  const columns = columnsIn(body, n, wide, t0)
  if (n === 0 || columns.end[n - 1] !== columns.bytes.length) throw new BlockDamaged('its columns do not fit its bytes')
  return columns
}

function compress(body: Uint8Array): Uint8Array {
  return zstdCompressSync(body, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
}

function unpack(codec: number, packed: Uint8Array, size: number): Uint8Array {
  if (codec === plain) return packed
  const body = zstdDecompressSync(packed, { maxOutputLength: size })
  if (body.length !== size) throw new BlockDamaged(`it holds ${body.length} bytes where ${size} were written`)
  return body
}
