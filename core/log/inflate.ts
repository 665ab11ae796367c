import { gunzipSync, zstdDecompressSync } from 'node:zlib'

/** A message may hold so much; more is not inflated, however little of it came. */
const maxOutputLength = 1_048_576

/** What gzip or zstd bytes hold; null when that is too much; the bytes themselves when they are damaged. */
export function inflate(bytes: Uint8Array): Uint8Array | null {
  try {
    return bytes[0] === 0x1f ? gunzipSync(bytes, { maxOutputLength }) : zstdDecompressSync(bytes, { maxOutputLength })
  } catch (error) {
    return isTooLarge(error) ? null : bytes
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}
