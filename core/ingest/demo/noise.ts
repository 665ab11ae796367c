import type { Millis } from '../../contract/model.ts'

// Noise without state: a number for any place in time, the same whenever and in whatever order it is asked.

/** 32 well-mixed bits of three numbers (the finisher of MurmurHash3). */
export function hash(seed: number, stream: number, index: number): number {
  let h = Math.imul(seed ^ Math.imul(stream + 1, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(index | 0, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** From 0 up to 1. */
export function chance(seed: number, stream: number, index: number): number {
  return hash(seed, stream, index) / 4_294_967_296
}

const octaves: readonly (readonly [period: Millis, weight: number])[] = [
  [10_800_000, 0.55],
  [2_820_000, 0.3],
  [660_000, 0.15],
]

/** Wanders smoothly between -1 and 1, over hours and over minutes. */
export function wander(seed: number, stream: number, time: Millis): number {
  let sum = 0
  for (let i = 0; i < octaves.length; i++) {
    const [period, weight] = octaves[i]!
    sum += weight * smooth(seed, stream * 4 + i, time / period)
  }
  return sum
}

function smooth(seed: number, stream: number, at: number): number {
  const index = Math.floor(at)
  const part = at - index
  const from = chance(seed, stream, index)
  const to = chance(seed, stream, index + 1)
  return 2 * (from + (to - from) * part * part * (3 - 2 * part)) - 1
}

/** Fine noise of spread 1 that looks normal but never goes beyond 3.5: a new one each second. */
export function grain(seed: number, stream: number, time: Millis): number {
  const second = Math.floor(time / 1_000)
  const a = hash(seed, stream * 2, second)
  const b = hash(seed, stream * 2 + 1, second)
  return ((a >>> 16) + (a & 0xffff) + (b >>> 16) + (b & 0xffff) - 131_070) / 37_837 // the spread of four such numbers
}
