/** A JSON number found in place: `value`, and `end`, one past its last byte; -1 when there is none. */
export interface FoundNumber {
  value: number
  end: number
}

// Up to 15 digits over a power of ten up to 1e22 is one correctly rounded division, as JSON.parse gives.
const exactDigits = 15
/** Two whole numbers that are exact each: the last eight digits, and up to nine before them. */
const twoPartDigits = 17
const powers = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]

/**
 * Reads the number that begins at `at` and ends before `to` into `found`. The same value as JSON.parse for every JSON
 * number; others are refused.
 */
export function findNumber(view: DataView, at: number, to: number, found: FoundNumber): void {
  found.end = readNumber(view, at, to, found)
}

/** Answers its end. */
function readNumber(view: DataView, at: number, to: number, found: FoundNumber): number {
  const negative = at < to && view.getUint8(at) === 0x2d
  const first = negative ? at + 1 : at
  found.value = 0
  found.end = first
  readDigits(view, to, found)
  const point = found.end
  const whole = point - first
  if (whole === 0 || (whole > 1 && view.getUint8(first) === 0x30)) return -1
  let decimals = 0
  if (point < to && view.getUint8(point) === 0x2e) {
    found.end += 1
    readDigits(view, to, found)
    decimals = found.end - point - 1
    if (decimals === 0) return -1
  }
  const { end } = found
  if (end < to && (view.getUint8(end) | 0x20) === 0x65) return readLong(view, at, exponentEnd(view, end + 1, to), found)
  if (whole + decimals <= exactDigits) found.value /= powers[decimals]!
  else if (whole + decimals <= twoPartDigits && decimals >= 8) divideTwoParts(view, decimals, found)
  else return readLong(view, at, end, found)
  if (negative) found.value = -found.value
  return end
}

/** Puts the digits from `end` on behind those that `value` holds, which is exact up to 15 of them: four at a time, as a word. */
function readDigits(view: DataView, to: number, found: FoundNumber): void {
  let { value, end } = found
  for (; end + 4 <= to; end += 4) {
    const four = fourAt(view, end)
    if (((four | (four + 0x76767676)) & 0x80808080) !== 0) break // a byte of more than nine
    value = value * 10_000 + inFour(four)
  }
  for (; end < to; end++) {
    const digit = view.getUint8(end) ^ 0x30
    if (digit > 9) break
    value = value * 10 + digit
  }
  found.value = value
  found.end = end
}

/** Four digits, one a byte, the first in the lowest. */
function fourAt(view: DataView, at: number): number {
  return view.getInt32(at, true) ^ 0x30303030
}

function inFour(four: number): number {
  const pairs = (Math.imul(four, 10) + (four >>> 8)) & 0x00ff00ff
  return (Math.imul(pairs, 100) + (pairs >>> 16)) & 0xffff
}

/**
 * 16 or 17 digits, read to `end`, over a power of ten: the quotient of what they are as a double, and the quotient of what
 * that leaves, which is off by less than 2^-47 of the last bit. That cannot change how the sum is rounded: w/10^d and the
 * middle m/2^s between two doubles differ by 1/(2^s * 5^d) at least, 2^-38 of the last bit, as long as s is more than d.
 */
function divideTwoParts(view: DataView, decimals: number, found: FoundNumber): void {
  const power = powers[decimals]!
  const low = inFour(fourAt(view, found.end - 8)) * 1e4 + inFour(fourAt(view, found.end - 4))
  const high = Math.round((found.value - low) / 1e8) * 1e8 // `value` is off by far less than half of 1e8
  const all = high + low
  const quotient = all / power
  const rest = all - quotient * power - productError(quotient, power) + (low - (all - high))
  found.value = quotient + rest / power
}

/** What a product of two doubles leaves out when it is rounded, exactly (Dekker, with Veltkamp's halves). */
function productError(a: number, b: number): number {
  const aHigh = highHalf(a)
  const bHigh = highHalf(b)
  const aLow = a - aHigh
  const bLow = b - bHigh
  return aHigh * bHigh - a * b + aHigh * bLow + aLow * bHigh + aLow * bLow
}

function highHalf(value: number): number {
  const large = value * 134_217_729 // 2^27 + 1
  return large - (large - value)
}

function exponentEnd(view: DataView, at: number, to: number): number {
  const sign = at < to ? view.getUint8(at) : 0
  const first = sign === 0x2b || sign === 0x2d ? at + 1 : at
  let i = first
  while (i < to && (view.getUint8(i) ^ 0x30) <= 9) i++
  return i === first ? -1 : i
}

/** The engine's own reading, for the digits that need it. */
function readLong(view: DataView, from: number, end: number, found: FoundNumber): number {
  if (end < 0) return -1
  let text = ''
  for (let i = from; i < end; i++) text += String.fromCharCode(view.getUint8(i))
  found.value = Number(text)
  return Number.isFinite(found.value) ? end : -1
}
