/** A JSON number found in place: `value`, and `end`, one past its last byte; -1 when there is none. */
export interface FoundNumber {
  value: number
  end: number
}

// Up to 15 digits over a power of ten up to 1e22 is one correctly rounded division, as JSON.parse gives.
const powers = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]

/** Reads the number that begins at `at` into `found`. The same value as JSON.parse for every JSON number; others are refused. */
export function findNumber(bytes: Uint8Array, at: number, found: FoundNumber): void {
  found.end = -1
  const negative = bytes[at] === 0x2d
  const first = negative ? at + 1 : at
  let i = first
  let digits = 0
  let byte = i < bytes.length ? bytes[i]! : 0
  while (byte >= 0x30 && byte <= 0x39) {
    digits = digits * 10 + (byte - 0x30)
    i++
    byte = i < bytes.length ? bytes[i]! : 0
  }
  const whole = i - first
  if (whole === 0 || (whole > 1 && bytes[first] === 0x30)) return
  let decimals = 0
  if (byte === 0x2e) {
    const point = i
    i++
    byte = i < bytes.length ? bytes[i]! : 0
    while (byte >= 0x30 && byte <= 0x39) {
      digits = digits * 10 + (byte - 0x30)
      i++
      byte = i < bytes.length ? bytes[i]! : 0
    }
    decimals = i - point - 1
    if (decimals === 0) return
  }
  if (byte === 0x65 || byte === 0x45) {
    findLong(bytes, at, exponentEnd(bytes, i + 1), found)
    return
  }
  if (whole + decimals > 15) {
    findLong(bytes, at, i, found)
    return
  }
  const value = decimals === 0 ? digits : digits / powers[decimals]!
  found.value = negative ? -value : value
  found.end = i
}

function exponentEnd(bytes: Uint8Array, at: number): number {
  const first = bytes[at] === 0x2b || bytes[at] === 0x2d ? at + 1 : at
  let i = first
  while (i < bytes.length && bytes[i]! >= 0x30 && bytes[i]! <= 0x39) i++
  return i === first ? -1 : i
}

/** The engine's own reading, for the digits that need it. */
function findLong(bytes: Uint8Array, from: number, end: number, found: FoundNumber): void {
  if (end < 0) return
  let text = ''
  for (let i = from; i < end; i++) text += String.fromCharCode(bytes[i]!)
  found.value = Number(text)
  found.end = Number.isFinite(found.value) ? end : -1
}
