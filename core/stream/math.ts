// Logarithm and power of two from + - * / alone: engines differ in the last digit of theirs, and a replay must not.

const real = new Float64Array(1)
/** The same eight bytes; the upper half is at 1, as on every machine that runs Node. */
const bits = new Uint32Array(real.buffer)
const exponentBias = 1_023
const mantissa = 0x000f_ffff

const rounding = 1 << 12
const usualExponents = 64
/** 2 to the power of 64, 63, ... -63: what brings a number of such an exponent to between 1 and 2. */
const toOne = Float64Array.from({ length: 2 * usualExponents }, (_, i) => powerOf(usualExponents - i))
/** For each 128th from 1 to 2: one over it, and the logarithm of it. */
const inverse = Float64Array.from({ length: 129 }, (_, i) => 1 / (1 + i / 128))
const knownLn = inverse.map((x) => -lnOfAny(x))

/**
 * Natural logarithm of a finite positive number; of 0 it is -Infinity. Every reading asks for two, so it is that of the
 * nearest 128th, and a few terms for the rest.
 */
export function ln(x: number): number {
  real[0] = x
  const upper = bits[1]!
  const exponent = (upper >>> 20) - exponentBias
  if (exponent < -usualExponents || exponent >= usualExponents) return lnOfAny(x)
  const i = ((upper & mantissa) + rounding) >>> 13
  const r = x * toOne[exponent + usualExponents]! * inverse[i]! - 1 // at most 1/256
  const q = r * r
  const rest = r - q * (1 / 2 - r * (1 / 3)) - q * q * (1 / 4 - r * (1 / 5) + q * (1 / 6))
  return exponent * Math.LN2 + (knownLn[i]! + rest)
}

function lnOfAny(x: number): number {
  if (x === 0) return -Infinity
  const tiny = x < 2.3e-308
  real[0] = tiny ? x * 18_014_398_509_481_984 : x
  let exponent = (bits[1]! >>> 20) - exponentBias - (tiny ? 54 : 0)
  bits[1] = (bits[1]! & mantissa) | (exponentBias << 20)
  let m = real[0]!
  if (m > Math.SQRT2) {
    m /= 2
    exponent += 1
  }
  const s = (m - 1) / (m + 1)
  return exponent * Math.LN2 + 2 * s * atanhSeries(s * s)
}

/** 1 + q/3 + q²/5 + ...; q is at most 0.03. */
function atanhSeries(q: number): number {
  let sum = 1 / 23
  for (let k = 21; k >= 1; k -= 2) sum = sum * q + 1 / k
  return sum
}

export function log10(x: number): number {
  return ln(x) / Math.LN10
}

/** 2 to the power of x, for x from -1000 to 1000. */
export function exp2(x: number): number {
  const whole = Math.round(x)
  const y = (x - whole) * Math.LN2
  let sum = 1
  for (let k = 16; k >= 1; k--) sum = 1 + (sum * y) / k
  return sum * powerOf(whole)
}

function powerOf(whole: number): number {
  bits[0] = 0
  bits[1] = (whole + exponentBias) << 20
  return real[0]!
}
