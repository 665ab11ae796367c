/** Between a number and its unit. */
export const thin = '\u2009'

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** 412883201 -> "412,883,201" */
export function count(n: number): string {
  return minus(grouped.format(n))
}

/** 412883201 -> "412.9 M": for places where the scale matters, not the digit. */
export function roughly(n: number): string {
  if (Math.abs(n) < 100_000) return count(n)
  const [scale, letter] = scaleOf(n)
  return `${significant(n / scale, 4)}${thin}${letter}`
}

/** What a large number is counted in, and its letter. */
export function scaleOf(n: number): readonly [scale: number, letter: string] {
  return Math.abs(n) < 1e6 ? [1e3, 'k'] : Math.abs(n) < 1e9 ? [1e6, 'M'] : [1e9, 'G']
}

/** Too large or too small to be written out. */
export function isExtreme(n: number): boolean {
  return n !== 0 && (Math.abs(n) >= 1e15 || Math.abs(n) < 1e-6)
}

/** 1.23e29 */
export function powered(n: number, digits: number): string {
  return minus(n.toExponential(digits).replace('e+', 'e'))
}

/** A measured value with as many digits as a person reads at a glance: 3.12, 71.4, 6,480. */
export function value(v: number | string | boolean | null): string {
  if (v === null) return 'no value'
  if (typeof v === 'boolean') return v ? 'on' : 'off'
  return typeof v === 'string' ? v : measured(v)
}

/** "3.12 bar"; a percent sign and a degree stand as any unit does. */
export function withUnit(v: number | string | null, unit: string | null): string {
  return unit === null || v === null ? value(v) : `${value(v)}${thin}${unit}`
}

/** "bar ?" where it is a guess, until a person says it. */
export function shownUnit({
  unit,
  unitGuessed,
}: {
  readonly unit: string | null
  readonly unitGuessed: boolean
}): string | null {
  return unit === null || !unitGuessed ? unit : `${unit} ?`
}

/** "4.58 to 5.41", both ends with the same number of decimals; "at most 50" where a side has no end, as the largest number says. */
export function range(low: number, high: number): string {
  if (low === -Number.MAX_VALUE) return `at most ${value(high)}`
  if (high === Number.MAX_VALUE) return `at least ${value(low)}`
  const decimals = decimalsFor(Math.max(Math.abs(low), Math.abs(high)))
  return `${fixed(low, decimals)} to ${fixed(high, decimals)}`
}

/** 41203 bytes -> "41.2 kB" */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = n < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(n) / 3))
  return `${significant(n / 1000 ** power, 3)}${thin}${units[power]}`
}

/** "1 device", "48 devices" */
export function many(n: number, one: string, more = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : more}`
}

/** A share of one as "64 %". */
export function percent(share: number): string {
  return `${Math.floor(share * 100)}${thin}%`
}

function measured(v: number): string {
  if (!Number.isFinite(v)) return 'not a number'
  return isExtreme(v) ? powered(v, 2) : fixed(v, decimalsFor(Math.abs(v)))
}

function decimalsFor(size: number): number {
  if (size === 0) return 0
  if (size >= 1000) return 0
  if (size >= 10) return 1
  if (size >= 0.1) return 2
  return Math.min(6, 1 - Math.floor(Math.log10(size)))
}

function fixed(v: number, decimals: number): string {
  if (Math.abs(v) >= 1e15) return powered(v, 2)
  return minus(v.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals }))
}

function significant(v: number, digits: number): string {
  return minus(v.toLocaleString('en', { maximumSignificantDigits: digits }))
}

function minus(text: string): string {
  return text.replace(/^-(?=0(\.0+)?$)/, '').replaceAll('-', '\u2212')
}
