/** A JSON number found in place: `value`, and `end`, one past its last byte; -1 when there is none. */
export interface FoundNumber {
  value: number
  end: number
}

// Up to 15 digits over a power of ten up to 1e22 is one correctly rounded division, as JSON.parse gives.
const exactDigits = 15
const powers = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]

/** Of the newest run of digits: what they say, and where they end. Up to nine of them are read as a small integer. */
let digits = 0
let digitsEnd = 0

/**
 * Reads the number that begins at `at` and ends before `to` into `found`. The same value as JSON.parse for every JSON
 * number; others are refused.
 */
export function findNumber(bytes: Uint8Array, at: number, to: number, found: FoundNumber): void {
  found.end = -1
  const negative = bytes[at] === 0x2d
  const first = negative ? at + 1 : at
  readDigits(bytes, first, to)
  const whole = digitsEnd - first
  if (whole === 0 || (whole > 1 && bytes[first] === 0x30)) return
  let value = digits
  let end = digitsEnd
  let decimals = 0
  if (end < to && bytes[end] === 0x2e) {
    readDigits(bytes, end + 1, to)
    decimals = digitsEnd - end - 1
    if (decimals === 0) return
    end = digitsEnd
    if (whole + decimals <= exactDigits) value = (value * powers[decimals]! + digits) / powers[decimals]!
  }
  if (end < to && (bytes[end]! | 0x20) === 0x65) findLong(bytes, at, exponentEnd(bytes, end + 1, to), found)
  else if (whole + decimals > exactDigits) findLong(bytes, at, end, found)
  else {
    found.value = negative ? -value : value
    found.end = end
  }
}

function readDigits(bytes: Uint8Array, from: number, to: number): void {
  const near = Math.min(to, from + 9)
  let i = from
  let small = 0
  for (; i < near; i++) {
    const digit = bytes[i]! - 0x30
    if (digit < 0 || digit > 9) break
    small = (small * 10 + digit) | 0
  }
  digits = small
  digitsEnd = i
  if (i === near && i < to) readMore(bytes, i, to)
}

function readMore(bytes: Uint8Array, from: number, to: number): void {
  let i = from
  let large = digits
  for (; i < to; i++) {
    const digit = bytes[i]! - 0x30
    if (digit < 0 || digit > 9) break
    large = large * 10 + digit
  }
  digits = large
  digitsEnd = i
}

function exponentEnd(bytes: Uint8Array, at: number, to: number): number {
  const first = bytes[at] === 0x2b || bytes[at] === 0x2d ? at + 1 : at
  let i = first
  while (i < to && bytes[i]! >= 0x30 && bytes[i]! <= 0x39) i++
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
