import type { Cadence, Series, SeriesType } from '../contract/model.ts'
import type { Watch } from './alerts.ts'

/** A series as the path holds it, beside the numbers that its readings touch: those are its head and its row. */
export interface SeriesState {
  readonly series: Series
  /** Index of its device. */
  readonly device: number
  /** Newest text or boolean state; null: none yet, or a number. */
  text: string | null
  /** The newest of its short states in words, by their number: what stood before a late one is said again behind it. Null: none yet. */
  words: Map<number, string> | null
  /** How it comes, as last said; null: not known. */
  cadence: Cadence | null
  /** The rules that look at it: its own, or those that it shares at rest. */
  watches: readonly Watch[]
  own: boolean
}

const mostWords = 8
const longestWord = 64

export function keepWords(state: SeriesState, value: number, text: string): void {
  if (text.length > longestWord) return
  state.words ??= new Map()
  const { words } = state
  words.delete(value)
  words.set(value, text)
  if (words.size > mostWords) words.delete(words.keys().next().value!)
}

export function seriesKey(device: string, signal: string, type: SeriesType): string {
  return `${device}\u0000${signal}\u0000${type}`
}

type Size = readonly [most: number, unit: string]

/** What is measured, by the name, and in what: up to a usual size, in order. */
const units: readonly (readonly [RegExp, ...Size[]])[] = [
  [/_c$/i, [Infinity, '°C']],
  [/_bar$/i, [Infinity, 'bar']],
  [/temp/i, [263, '°C'], [323, 'K'], [Infinity, '°C']],
  [/pressure/i, [60, 'bar'], [700, 'kPa'], [1_300, 'hPa'], [20_000, 'kPa'], [Infinity, 'Pa']],
  [/humidity|_rh$/i, [Infinity, '%']],
  [/_kw$/i, [Infinity, 'kW']],
  [/power|_w$/i, [Infinity, 'W']],
  [/current|_a$/i, [1_500, 'A'], [Infinity, 'mA']],
  [/voltage|_v$/i, [1_500, 'V'], [Infinity, 'mV']],
  [/vibration|mm_s$/i, [Infinity, 'mm/s']],
  [/flow/i, [Infinity, 'm³/h']],
  [/level|percent|_pct$/i, [110, '%'], [Infinity, 'mm']],
  [/rpm|speed/i, [Infinity, 'rpm']],
  [/co2|ppm/i, [Infinity, 'ppm']],
]

/** A guess from the signal's name and the usual size of its values, to be shown as one; null when the name says nothing. */
export function guessUnit(signal: string, size = 0): string | null {
  return sizesOf(signal).find(([most]) => Math.abs(size) <= most)?.[1] ?? null
}

/** Whether what is guessed depends on the size. */
export function isBySize(signal: string): boolean {
  return sizesOf(signal).length > 1
}

function sizesOf(signal: string): readonly Size[] {
  const known = guessed.get(signal)
  if (known !== undefined) return known
  if (guessed.size >= mostGuessed) guessed.clear()
  const [, ...sizes] = units.find(([name]) => name.test(signal)) ?? [null]
  guessed.set(signal, sizes)
  return sizes
}

/** A thousand devices of a kind have the same names. */
const guessed = new Map<string, readonly Size[]>()
const mostGuessed = 1_000

/** "motor.discharge_pressure" becomes "Motor discharge pressure". */
export function signalLabel(signal: string): string {
  const words = signal.replaceAll(/[._-]+/g, ' ').trim() || signal
  return words.charAt(0).toUpperCase() + words.slice(1)
}
