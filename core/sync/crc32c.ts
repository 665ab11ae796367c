// Kafka's checksum. Node has CRC-32, which is another one.

const polynomial = 0x82f63b78
const slices = 16
const table = makeTable()
/** Words can be read only where they are aligned, so the bytes pass through here. */
const room = new ArrayBuffer(65_536)
const roomBytes = new Uint8Array(room)
const words = new Int32Array(room)

/** CRC-32C (Castagnoli), sixteen bytes a step. */
export function crc32c(bytes: Uint8Array, from = 0): number {
  let crc = -1
  for (let at = from; at < bytes.length; at += room.byteLength) {
    const piece = bytes.subarray(at, at + room.byteLength)
    roomBytes.set(piece)
    crc = overRoom(crc, piece.length)
  }
  return ~crc >>> 0
}

/** Of bytes that follow each other, from the checksums of both parts and the length of the second. */
export function joinedCrc(before: number, after: number, length: number): number {
  return (product(toThePower(length), before | 0) ^ after) >>> 0
}

/** Polynomials over GF(2), modulo that of the checksum; the highest bit is x to the power of 0. */
function product(a: number, b: number): number {
  let sum = 0
  let rest = b
  for (let bit = 31; bit >= 0; bit--) {
    if ((a >>> bit) & 1) sum ^= rest
    rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1
  }
  return sum
}

/** x to the power of 8 for each byte: what so many bytes of zeros do. */
function toThePower(bytes: number): number {
  let power = 1 << 31
  let square = 1 << 23
  for (let left = bytes; left > 0; left >>>= 1) {
    if (left & 1) power = product(square, power)
    square = product(square, square)
  }
  return power
}

function overRoom(before: number, n: number): number {
  const steps = n >> 4
  let crc = before
  for (let step = 0, i = 0; step < steps; step++, i += 4) {
    // In pairs, and what has to wait for the step before comes last: the processor does the rest side by side, a fifth faster.
    const b = words[i + 1]!
    const c = words[i + 2]!
    const d = words[i + 3]!
    const ofB =
      table[2816 | (b & 255)]! ^
      table[2560 | ((b >>> 8) & 255)]! ^
      (table[2304 | ((b >>> 16) & 255)]! ^ table[2048 | (b >>> 24)]!)
    const ofC =
      table[1792 | (c & 255)]! ^
      table[1536 | ((c >>> 8) & 255)]! ^
      (table[1280 | ((c >>> 16) & 255)]! ^ table[1024 | (c >>> 24)]!)
    const ofD =
      table[768 | (d & 255)]! ^ table[512 | ((d >>> 8) & 255)]! ^ (table[256 | ((d >>> 16) & 255)]! ^ table[d >>> 24]!)
    const others = ofB ^ (ofC ^ ofD)
    const a = crc ^ words[i]!
    crc =
      others ^
      (table[3840 | (a & 255)]! ^
        table[3584 | ((a >>> 8) & 255)]! ^
        (table[3328 | ((a >>> 16) & 255)]! ^ table[3072 | (a >>> 24)]!))
  }
  for (let i = steps << 4; i < n; i++) crc = table[(crc ^ roomBytes[i]!) & 255]! ^ (crc >>> 8)
  return crc
}

/** Slice s, of 256, is what a byte does that has s more behind it. */
function makeTable(): Int32Array {
  const made = new Int32Array(256 * slices)
  for (let n = 0; n < 256; n++) {
    let crc = n
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
    made[n] = crc
  }
  for (let i = 256; i < made.length; i++) {
    const before = made[i - 256]!
    made[i] = made[before & 255]! ^ (before >>> 8)
  }
  return made
}
