import type { Millis } from '../../contract/model.ts'
import type { Count, Device, Level, Measure, State } from './dairy.ts'
import { chance, grain, wander } from './noise.ts'

const hour: Millis = 3_600_000
const day = 24 * hour
/** Shifts change at 5, 13 and 21 h UTC, within half an hour. */
const shift = 8 * hour
const firstShift = 5 * hour
const handOver = hour / 2
/** Of a signal's wandering, the part that all of its device shares. */
const shared = 0.6

/** A stream of noise for each signal of the plant, and one for each device. */
export function streamOf(device: number, signal: number): number {
  return device * 16 + signal + 1
}

/** How hard the device works, -1 to 1: a function of seed, device and time and nothing else, as everything here is. */
export function loadAt(seed: number, device: number, time: Millis): number {
  return wander(seed, streamOf(device, 15), time)
}

/** The value without any fault, not yet rounded. `load` is that of the device at the same time. */
export function measureAt(seed: number, stream: number, signal: Measure, load: number, time: Millis): number {
  const own = (1 - shared) * wander(seed, stream, time)
  return (
    signal.base +
    signal.swing * rhythm(seed, stream, time) +
    signal.wander * (shared * load + own) +
    signal.grain * grain(seed, stream, time)
  )
}

/** Beyond this distance from its base no value goes without a fault. */
export function reachOf(signal: Measure): number {
  return signal.swing + Math.abs(signal.wander) + 3.5 * signal.grain
}

/** Day and shift, -1 to 1, the same every day. */
function rhythm(seed: number, stream: number, time: Millis): number {
  const warmest = 13 * hour
  const daily = Math.cos((2 * Math.PI * (time - warmest)) / day)
  const at = (time - firstShift) / shift
  const now = Math.floor(at)
  const into = (at - now) * shift
  const before = crew(seed, stream, now - 1)
  const step = crew(seed, stream, now) - before
  return 0.65 * daily + 0.35 * (before + step * Math.min(1, into / handOver))
}

function crew(seed: number, stream: number, index: number): number {
  return 2 * chance(seed, stream + 20_000, ((index % 3) + 3) % 3) - 1
}

export function levelAt(seed: number, stream: number, signal: Level, time: Millis): number {
  const at = cyclesAt(seed, stream, signal.period, time)
  const turn = Math.floor(at)
  const part = at - turn
  const top = signal.high - 0.15 * (signal.high - signal.low) * chance(seed, stream + 30_000, turn)
  const rising = part < signal.rising
  const bottom = bottomOf(seed, stream, signal, rising ? turn : turn + 1)
  const full = rising ? part / signal.rising : (1 - part) / (1 - signal.rising)
  return bottom + (top - bottom) * full + signal.grain * grain(seed, stream, time)
}

function bottomOf(seed: number, stream: number, signal: Level, turn: number): number {
  return signal.low + 0.15 * (signal.high - signal.low) * chance(seed, stream + 40_000, turn)
}

export function countAt(signal: Count, time: Millis): number {
  return Math.floor((time % day) / signal.every)
}

/** The index of the word that holds now. A state with the period of the device's main level keeps step with it. */
export function wordAt(seed: number, device: Device, index: number, signal: State, time: Millis): number {
  const main = device.signals[0]!
  const stream = streamOf(index, main.kind === 'level' && main.period === signal.period ? 0 : 14)
  let part = cyclesAt(seed, stream, signal.period, time) % 1
  for (let i = 0; i < signal.words.length; i++) {
    part -= signal.words[i]![1]
    if (part < 0) return i
  }
  return signal.words.length - 1
}

/** Turns since 1970, each device at its own place in the turn. */
function cyclesAt(seed: number, stream: number, period: Millis, time: Millis): number {
  return time / period + chance(seed, stream + 50_000, 0)
}

/** When in its cadence a device sends: its messages come at `k * every + phase`. */
export function phaseOf(seed: number, index: number, device: Device): Millis {
  return Math.floor(chance(seed, streamOf(index, 13), 0) * device.every)
}
