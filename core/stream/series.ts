import type { Cadence, Millis, Offset, Series, SeriesType } from '../contract/model.ts'
import type { Watch } from './alerts.ts'

/** A series as the path holds it: its name, and what detectors have learned of it. What every reading touches is its head. */
export interface SeriesState {
  readonly series: Series
  /** Index of its device. */
  readonly device: number
  /** One row of numbers that every detector has a part of. */
  readonly row: Float64Array
  /** Newest text or boolean state; null: none yet, or a number. */
  text: string | null
  /** How it comes, as last said; null: not known. */
  cadence: Cadence | null
  /** The rules that look at it: its own, or those that it shares at rest. */
  watches: readonly Watch[]
  own: boolean
}

// The row, part by part. Every part begins where the one before ends, and what every reading touches comes first.
/** Readings learned from, in order. */
export const count = 0
export const lastValue = 1
export const firstOffset = 2
export const stuckPart = 3
export const kindPart = stuckPart + 4
/** Here begins what is usual. */
export const meansPart = kindPart + 3
export const bandPart = meansPart + 24
export const memoryPart = bandPart + 12
export const seasonPart = memoryPart + 63
export const patternPart = seasonPart + 13
export const peakPart = patternPart + 5
export const hoursPart = peakPart + 112
export const stepsPart = hoursPart + 388
/** Here ends what is usual. */
export const statesPart = stepsPart + 272
export const relationPart = statesPart + 16
/** Ring of the newest readings. */
const ring = relationPart + 8
export const ringSize = 32
const ringFields = 4
export const rowLength = ring + ringSize * ringFields

/** Makes rows, cut from larger pieces: those of a device lie together, and a piece costs memory as far as it is used. */
export function rowMaker(length: number): () => Float64Array {
  let piece = new Float64Array(0)
  let at = 0
  return () => {
    if (at === piece.length) {
      piece = new Float64Array(rowsTogether * length)
      at = 0
    }
    at += length
    return piece.subarray(at - length, at)
  }
}

const rowsTogether = 64

export function seriesKey(device: string, signal: string, type: SeriesType): string {
  return `${device}\u0000${signal}\u0000${type}`
}

/** One of the newest readings of a series. */
export interface Recent {
  readonly time: Millis
  readonly value: number
  readonly offset: Offset
  /** Distance from what was expected, in its usual spread; NaN while learning. */
  readonly z: number
}

/** Call before `count` goes up. */
export function remember(row: Float64Array, time: Millis, value: number, offset: Offset, z: number): void {
  const at = ring + (row[count]! % ringSize) * ringFields
  row[at] = time
  row[at + 1] = value
  row[at + 2] = offset
  row[at + 3] = z
}

/** The newest remembered readings, oldest first, at most 32; `total` is how many were ever remembered. */
export function recent(row: Float64Array, total: number): readonly Recent[] {
  const found: Recent[] = []
  for (let i = Math.max(0, total - ringSize); i < total; i++) {
    const at = ring + (i % ringSize) * ringFields
    found.push({ time: row[at]!, value: row[at + 1]!, offset: row[at + 2]!, z: row[at + 3]! })
  }
  return found
}

/** What is measured, by the name, and in what: up to a usual size, in order. */
const units: readonly (readonly [RegExp, ...(readonly [most: number, unit: string])[]])[] = [
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
  for (const [name, ...sizes] of units) if (name.test(signal)) return sizes.find(([most]) => Math.abs(size) <= most)![1]
  return null
}

/** "motor.discharge_pressure" becomes "Motor discharge pressure". */
export function signalLabel(signal: string): string {
  const words = signal.replaceAll(/[._-]+/g, ' ').trim() || signal
  return words.charAt(0).toUpperCase() + words.slice(1)
}
