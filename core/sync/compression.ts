import { promisify } from 'node:util'
import { gzip, type InputType, type ZlibOptions, type ZstdOptions, zstdCompress, zstdDecompress } from 'node:zlib'
import type { CompressionTypes } from 'kafkajs'
import type { DestinationConfig } from '../contract/calls.ts'
import { kafkajs } from './patches.ts'
import type { Compress } from './record-batch.ts'

const zipped: (bytes: InputType, options: ZlibOptions) => Promise<Buffer> = promisify(gzip)
const pack: (bytes: InputType, options?: ZstdOptions) => Promise<Buffer> = promisify(zstdCompress)
const unpack = promisify(zstdDecompress)

// The client has gzip alone.
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
  compress: ({ buffer }: { readonly buffer: Buffer }) => pack(buffer),
  decompress: (buffer: Buffer) => unpack(buffer),
})

export function compressionOf(compression: DestinationConfig['compression']): CompressionTypes {
  const { None, GZIP, ZSTD } = kafkajs.CompressionTypes
  return { none: None, gzip: GZIP, zstd: ZSTD }[compression]
}

/** Null: nothing is compressed. It is done beside this thread. */
export function compressorOf(compression: DestinationConfig['compression']): Compress | null {
  if (compression === 'none') return null
  const compress = compression === 'gzip' ? zipped : pack
  return (bytes) => compress(bytes, { chunkSize: Math.max(leastChunk, bytes.length >> 2) })
}

/** What is compressed comes back in chunks, each with a walk between two threads. */
const leastChunk = 16 * 1024
