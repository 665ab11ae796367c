import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import type { CompressionTypes } from 'kafkajs'
import type { DestinationConfig } from '../contract/calls.ts'
import { kafkajs } from './patches.ts'

const pack = promisify(zstdCompress)
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
