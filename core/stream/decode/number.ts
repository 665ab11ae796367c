// Up to 15 digits over a power of ten up to 1e22 is one correctly rounded division, as JSON.parse gives.
const exactDigits = 15
/** Two whole numbers that are exact each: the last eight digits, and up to nine before them. */
const twoPartDigits = 17
const powers = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]

/**
 * Reads the JSON number that begins at `at` and ends before `to` into `into[i]`, and answers one past its last byte; -1
 * when there is none. The same value as JSON.parse.
 */
export function findNumber(view: DataView, at: number, to: number, into: Float64Array, i: number): number {
  const negative = at < to && view.getUint8(at) === 0x2d
  const first = negative ? at + 1 : at
  into[i] = 0
  const point = readDigits(view, first, to, into, i)
  const whole = point - first
  if (whole === 0 || (whole > 1 && view.getUint8(first) === 0x30)) return -1
  let end = point
  let decimals = 0
  if (point < to && view.getUint8(point) === 0x2e) {
    end = readDigits(view, point + 1, to, into, i)
    decimals = end - point - 1
    if (decimals === 0) return -1
  }
  if (end < to && (view.getUint8(end) | 0x20) === 0x65)
    return readLong(view, at, exponentEnd(view, end + 1, to), into, i)
  if (whole + decimals <= exactDigits) into[i]! /= powers[decimals]!
  else if (whole + decimals <= twoPartDigits && decimals >= 8) divideTwoParts(view, end, decimals, into, i)
  else return readLong(view, at, end, into, i)
  if (negative) into[i] = -into[i]!
  return end
}

/** Puts the digits from `at` on behind those in `into[i]`, which is exact up to 15 of them: four at a time, as a word. Answers their end. */
function readDigits(view: DataView, at: number, to: number, into: Float64Array, i: number): number {
  let end = at
  let value = into[i]!
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
  into[i] = value
  return end
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
 * 16 or 17 digits that end at `end` over a power of ten: the quotient of what they are as a double, and the quotient of what
 * that leaves, which is off by less than 2^-47 of the last bit. That cannot change how the sum is rounded: w/10^d and the
 * middle m/2^s between two doubles differ by 1/(2^s * 5^d) at least, 2^-38 of the last bit, as long as s is more than d.
 */
function divideTwoParts(view: DataView, end: number, decimals: number, into: Float64Array, i: number): void {
  const power = powers[decimals]!
  const low = inFour(fourAt(view, end - 8)) * 1e4 + inFour(fourAt(view, end - 4))
  const high = Math.round((into[i]! - low) / 1e8) * 1e8 // what was read is off by far less than half of 1e8
  const all = high + low
  const quotient = all / power
  const rest = all - quotient * power - productError(quotient, power) + (low - (all - high))
  into[i] = quotient + rest / power
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
function readLong(view: DataView, from: number, end: number, into: Float64Array, i: number): number {
  if (end < 0) return -1
  let text = ''
  for (let at = from; at < end; at++) text += String.fromCharCode(view.getUint8(at))
  into[i] = Number(text)
  return Number.isFinite(into[i]) ? end : -1
}
