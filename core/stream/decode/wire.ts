/** Reads protobuf fields in place, one after the other; nothing is copied. */
export interface Wire {
  bytes: Uint8Array
  /** Where the next field begins, and one past the last. */
  at: number
  end: number
  /** Wire type of the field that was read: 0 varint, 1 eight bytes, 2 a piece of bytes, 5 four bytes. */
  type: number
  /** The value of a number, as two halves of 32 bits. */
  low: number
  high: number
  /** The value of a piece: bytes [from, to). */
  from: number
  to: number
}

export function wireOf(bytes: Uint8Array, from = 0, to = bytes.length): Wire {
  return { bytes, at: from, end: to, type: 0, low: 0, high: 0, from: 0, to: 0 }
}

/** Begins again on bytes [from, to). */
export function rewind(wire: Wire, bytes: Uint8Array, from: number, to: number): void {
  wire.bytes = bytes
  wire.at = from
  wire.end = to
}

/** The number of the next field, its value read; 0 at the end, -1 when the bytes are no protobuf. */
export function nextField(wire: Wire): number {
  if (wire.at === wire.end) return 0
  if (!readVarint(wire) || wire.high !== 0) return -1
  const field = wire.low >>> 3
  wire.type = wire.low & 7
  return field !== 0 && readValue(wire) ? field : -1
}

function readValue(wire: Wire): boolean {
  switch (wire.type) {
    case 0:
      return readVarint(wire)
    case 1:
      return readFixed(wire, 8)
    case 2:
      return readPiece(wire)
    case 5:
      return readFixed(wire, 4)
    default:
      return false // groups, which proto3 does not have
  }
}

/** Reads a varint at `at` into both halves; false when it does not end, or not within 64 bits. */
export function readVarint(wire: Wire): boolean {
  const { bytes, end } = wire
  let low = 0
  let high = 0
  let at = wire.at
  for (let shift = 0; shift < 70; shift += 7) {
    if (at >= end) return false
    const byte = bytes[at]!
    const bits = byte & 0x7f
    at++
    if (shift < 28) low |= bits << shift
    else if (shift === 28) {
      low |= bits << 28
      high = bits >>> 4
    } else high |= bits << (shift - 32)
    if (byte >= 0x80) continue
    wire.at = at
    wire.low = low >>> 0
    wire.high = high >>> 0
    return true
  }
  return false
}

function readFixed(wire: Wire, size: 4 | 8): boolean {
  const { bytes, at } = wire
  if (at + size > wire.end) return false
  wire.low = halfAt(bytes, at)
  wire.high = size === 8 ? halfAt(bytes, at + 4) : 0
  wire.at = at + size
  return true
}

function readPiece(wire: Wire): boolean {
  if (!readVarint(wire) || wire.high !== 0 || wire.at + wire.low > wire.end) return false
  wire.from = wire.at
  wire.to = wire.at + wire.low
  wire.at = wire.to
  return true
}

/** 32 bits, little endian. */
export function halfAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

const half = 4_294_967_296

/** Beyond 2^53 the nearest double, as JSON.parse gives for the same digits. */
export function unsigned64(low: number, high: number): number {
  return high * half + low
}

export function signed64(low: number, high: number): number {
  return high < 0x8000_0000 ? unsigned64(low, high) : -((~high >>> 0) * half + (~low >>> 0) + 1)
}

/** Signed numbers with the sign in the lowest bit. */
export function zigzag64(low: number, high: number): number {
  const half = unsigned64(((low >>> 1) | (high << 31)) >>> 0, high >>> 1)
  return (low & 1) === 0 ? half : -half - 1
}

const scratch = new DataView(new ArrayBuffer(8))

export function float32(low: number): number {
  scratch.setUint32(0, low, true)
  return scratch.getFloat32(0, true)
}

export function float64(low: number, high: number): number {
  scratch.setUint32(0, low, true)
  scratch.setUint32(4, high, true)
  return scratch.getFloat64(0, true)
}

const utf8 = new TextDecoder()

export function textIn(bytes: Uint8Array, from: number, to: number): string {
  if (to - from > 64) return utf8.decode(bytes.subarray(from, to))
  let text = ''
  for (let i = from; i < to; i++) {
    if (bytes[i]! > 0x7e) return utf8.decode(bytes.subarray(from, to))
    text += String.fromCharCode(bytes[i]!)
  }
  return text
}
