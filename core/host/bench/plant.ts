import type { Millis } from '../../contract/model.ts'

/** `plant`: two to four decimals, as devices send them. `full`: every digit of a double. */
export type Digits = 'plant' | 'full'

/** Made devices for measuring: random walks of about 1 Hz in shuffled order, the same for the same seed. */
export interface Devices {
  readonly topics: readonly string[]
  /** JSON of the next message of a device; its time is its last digits. */
  message(device: number, time: Millis): string
  /** Which device speaks next. */
  pick(): number
}

/**
 * A message of about 100 bytes is three numbers of a device; one of 1 kB is a gateway's list of 13 values with their names
 * and times.
 */
export function devices(count: number, bytes: 100 | 1_000, digits: Digits, seed: number): Devices {
  const next = random(seed)
  const fields = bytes === 100 ? 3 : 13
  const values = Float64Array.from({ length: count * fields }, () => 10 + 80 * next())
  const walk = (at: number) => {
    values[at] = values[at]! + (next() - 0.5) * 0.1
    return digits === 'full' ? String(values[at]) : values[at]!.toFixed(2 + (at % 3))
  }
  return {
    topics: Array.from({ length: count }, (_, i) => `plant/line-${i % 20}/device-${String(i).padStart(5, '0')}`),
    pick: inShuffledOrder(count, next),
    message: (device, time) => (bytes === 100 ? flat : list)((i) => walk(device * fields + i), device, time),
  }
}

function flat(value: (i: number) => string, _device: number, time: Millis): string {
  return `{"motor_temperature":${value(0)},"discharge_pressure":${value(1)},"vibration_rms":${value(2)},"ts":${time}}`
}

function list(value: (i: number) => string, device: number, time: Millis): string {
  const values = Array.from(
    { length: 13 },
    (_, i) => `{"id":"Line.Machine${device}.Signal${i}","v":${value(i)},"q":true,"t":${time}}`,
  )
  return `{"values":[${values.join(',')}],"timestamp":${time}}`
}

/** Each in its turn, in an order that has nothing to do with their numbers: so each speaks at its own regular pace. */
function inShuffledOrder(count: number, next: () => number): () => number {
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const at = Math.floor(next() * (i + 1))
    ;[order[i], order[at]] = [order[at]!, order[i]!]
  }
  let turn = 0
  return () => order[turn++ % count]!
}

/** Mulberry32. */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
