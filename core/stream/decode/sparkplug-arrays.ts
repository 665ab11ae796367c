import type { Value } from './decoded.ts'
import { float32, float64, halfAt, signed64, textIn, unsigned64 } from './wire.ts'

// Arrays travel as bytes, little endian: types 22 to 34 of the specification.

const booleans = 32
const texts = 33

export function isArrayType(type: number): boolean {
  return type >= 22 && type <= 34
}

/** At most `max` values; bytes that end within a value end the array. */
export function arrayValues(type: number, bytes: Uint8Array, max: number): Value[] {
  if (type === booleans) return bits(bytes, max)
  if (type === texts) return strings(bytes, max)
  const width = widths[type]!
  const n = Math.min(max, Math.floor(bytes.length / width))
  return Array.from({ length: n }, (_, i) => numberAt(type, bytes, i * width))
}

const widths: Readonly<Record<number, number>> = {
  22: 1,
  23: 2,
  24: 4,
  25: 8,
  26: 1,
  27: 2,
  28: 4,
  29: 8,
  30: 4,
  31: 8,
  34: 8,
}

function numberAt(type: number, bytes: Uint8Array, at: number): number {
  const byte = bytes[at]!
  const pair = byte | (bytes[at + 1]! << 8)
  if (type === 22) return (byte << 24) >> 24
  if (type === 23) return (pair << 16) >> 16
  if (type === 24) return halfAt(bytes, at) | 0
  if (type === 25) return signed64(halfAt(bytes, at), halfAt(bytes, at + 4))
  if (type === 26) return byte
  if (type === 27) return pair
  if (type === 28) return halfAt(bytes, at)
  if (type === 30) return float32(halfAt(bytes, at))
  if (type === 31) return float64(halfAt(bytes, at), halfAt(bytes, at + 4))
  return unsigned64(halfAt(bytes, at), halfAt(bytes, at + 4))
}

/** A count of four bytes, then one bit a value, the first in the highest. */
function bits(bytes: Uint8Array, max: number): boolean[] {
  if (bytes.length < 4) return []
  const n = Math.min(max, halfAt(bytes, 0), (bytes.length - 4) * 8)
  return Array.from({ length: n }, (_, i) => ((bytes[4 + (i >> 3)]! >> (7 - (i & 7))) & 1) === 1)
}

/** Each ends with a zero byte. */
function strings(bytes: Uint8Array, max: number): string[] {
  const found: string[] = []
  for (let from = 0, to = bytes.indexOf(0); to >= 0 && found.length < max; from = to + 1, to = bytes.indexOf(0, from))
    found.push(textIn(bytes, from, to))
  return found
}
