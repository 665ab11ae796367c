// Logarithm and power of two from + - * / alone: engines differ in the last digit of theirs, and a replay must not.

const real = new Float64Array(1)
/** The same eight bytes; the upper half is at 1, as on every machine that runs Node. */
const bits = new Uint32Array(real.buffer)
const exponentBias = 1_023
const mantissa = 0x000f_ffff

/** Natural logarithm of a finite positive number; of 0 it is -Infinity. */
export function ln(x: number): number {
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

/** 1 + q/3 + q²/5 + ...; q is at most 0.03. Written out, because every reading asks for two logarithms. */
function atanhSeries(q: number): number {
  const far = 1 / 13 + q * (1 / 15 + q * (1 / 17 + q * (1 / 19 + q * (1 / 21 + q * (1 / 23)))))
  return 1 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q * (1 / 11 + q * far)))))
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
  bits[0] = 0
  bits[1] = (whole + exponentBias) << 20
  return sum * real[0]!
}
